import { whyNoAwsClients } from './aws-clients.ts';
import { hasDynoxide } from './dynoxide.ts';

/** Says once, before any test, what will be skipped here and what it would need. */
export const setup = (): void => {
  const say = (line: string): void => void process.stdout.write(`\n ! ${line}\n`);
  if (!hasDynoxide)
    say('No dynoxide for this platform: behaviour suites are skipped. They run on Linux x64, where npm installs it.');
  if (whyNoAwsClients !== undefined)
    say(`The suite that runs the AWS CLI and boto3 against the local stack is skipped: ${whyNoAwsClients}.`);
  if (process.env.WRIT_DATA === undefined)
    say("WRIT_DATA names no folder: tests against the vendor's published contract and real tickets are skipped.");
};
