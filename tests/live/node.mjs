// Node's fetch with the sample that logs its calls. usage: TRACELOG=OUT node --import SAMPLE node.mjs URL...
for (const url of process.argv.slice(2)) {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
  } catch {
    // the log has it
  }
}
