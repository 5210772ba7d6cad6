"""Plans and results as HTML pages that stand alone."""

from assistctl.rendering.html.plan_page import plan_html

__all__ = ["plan_html"]
