// The helpers of the openai package for node (from version 5 on), against the server at OPENAI_BASE_URL: prints a line for each.
// NODE_PATH names the folder that has the package. The model is scripted: see ../test_other_clients.py.
"use strict";

const assert = require("node:assert/strict");
const { OpenAI, toFile } = require("openai");

const client = new OpenAI();
const { assistants, threads } = client.beta;
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const WEATHER = { type: "function", function: { name: "weather", parameters } };
const said = (text) => ({ messages: [{ role: "user", content: text }] });

async function answerOf(run) {
  assert.equal(run.status, "completed", JSON.stringify(run.last_error));
  const page = await threads.messages.list(run.thread_id, { run_id: run.id });
  return page.data[0].content[0].text;
}

function outputsOf(run, output) {
  assert.equal(run.status, "requires_action", JSON.stringify(run.last_error));
  const calls = run.required_action.submit_tool_outputs.tool_calls;
  assert.deepEqual(JSON.parse(calls[0].function.arguments), { city: "Paris" });
  return { thread_id: run.thread_id, tool_outputs: calls.map((call) => ({ tool_call_id: call.id, output })) };
}

const flows = {
  async createAndPoll(assistant) {
    const thread = await threads.create(said("hello"));
    const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    return (await answerOf(run)).value;
  },
  async createThreadAndRunPoll(assistant) {
    const run = await threads.createAndRunPoll({ assistant_id: assistant.id, thread: said("hello") });
    return (await answerOf(run)).value;
  },
  async submitToolOutputsAndPoll(assistant) {
    const run = await threads.createAndRunPoll({ assistant_id: assistant.id, thread: said("weather") });
    const done = await threads.runs.submitToolOutputsAndPoll(run.id, outputsOf(run, "sun"));
    return (await answerOf(done)).value;
  },
  async stream(assistant) {
    const thread = await threads.create(said("hello"));
    const heard = [];
    const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
    for (const name of ["textCreated", "textDone", "messageDone", "runStepDone", "end"]) {
      stream.on(name, () => heard.push(name));
    }
    let text = "";
    stream.on("textDelta", (delta, snapshot) => {
      text += delta.value ?? "";
      assert.equal(snapshot.value, text);
    });
    const run = await stream.finalRun();
    const [message] = await stream.finalMessages();
    await stream.done();
    assert.equal(message.content[0].text.value, text);
    assert.equal((await answerOf(run)).value, text);
    assert.deepEqual(heard.sort(), ["end", "messageDone", "runStepDone", "textCreated", "textDone"]);
    return text;
  },
  async createThreadAndRunStream(assistant) {
    const stream = threads.createAndRunStream({ assistant_id: assistant.id, thread: said("hello") });
    return (await answerOf(await stream.finalRun())).value;
  },
  async submitToolOutputsStream(assistant) {
    const stream = threads.createAndRunStream({ assistant_id: assistant.id, thread: said("weather") });
    const called = [];
    stream.on("toolCallCreated", (call) => called.push(call.function.name));
    const run = await stream.finalRun();
    assert.deepEqual(called, ["weather"]);
    const rest = threads.runs.submitToolOutputsStream(run.id, outputsOf(run, "sun"));
    return (await answerOf(await rest.finalRun())).value;
  },
  async fileSearch(assistant) {
    const file = await toFile(Buffer.from("The harbour opens at seven.\n"), "harbour.md");
    const store = await client.vectorStores.create({ name: "harbour" });
    await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files: [file] });
    const tool_resources = { file_search: { vector_store_ids: [store.id] } };
    const thread = await threads.create({ ...said("harbour"), tool_resources });
    const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    const text = await answerOf(run);
    const [citation] = text.annotations;
    assert.equal(text.value.slice(citation.start_index, citation.end_index), citation.text);
    const cited = await client.files.retrieve(citation.file_citation.file_id);
    return `${text.value.replace(citation.text, "")}[${cited.filename}]`;
  },
  async lists(assistant) {
    const thread = await threads.create({});
    for (let number = 0; number < 5; number++) {
      await threads.messages.create(thread.id, { role: "user", content: `${number}` });
    }
    const found = [];
    for await (const message of threads.messages.list(thread.id, { limit: 2, order: "asc" })) {
      found.push(message.content[0].text.value);
    }
    return found.join(" ");
  },
};

async function main() {
  const tools = [WEATHER, { type: "file_search" }];
  const assistant = await assistants.create({ model: "gpt-4o", name: "node", tools });
  for (const [name, flow] of Object.entries(flows)) {
    console.log(`${name}: ${await flow(assistant)}`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
