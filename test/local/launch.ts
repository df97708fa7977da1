/** Runs the sample in a process that tests can kill: `node launch.ts <assembly> <data folder>`. */
import { start } from './sample.ts';

const [assembly = '', data = ''] = process.argv.slice(2);
const stack = await start(assembly, {
  data,
  onFailure: ({ message }) => {
    process.stderr.write(`${message}\n`);
    process.exit(1);
  },
});
await stack.warm();
process.stdout.write(`${JSON.stringify({ endpointUrl: stack.endpointUrl, outputs: stack.outputs })}\n`);
