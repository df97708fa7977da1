/** Refuses to run by accident, and says what will be left out. */
export const setup = (): void => {
  const say = (line: string): void => void process.stdout.write(`\n ! ${line}\n`);
  const { WRIT_AWS_STACK, AWS_REGION, AWS_ENDPOINT_URL, WRIT_API, WRIT_TOKEN } = process.env;
  if (WRIT_AWS_STACK === undefined || !/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(WRIT_AWS_STACK))
    throw new Error(
      'WRIT_AWS_STACK must be a prefix for the names of what these tests make, such as Writ: letters, digits and "-". ' +
        'They make tables in the account that your credentials lead to, and remove them. See docs/testing-on-aws.md.'
    );
  if (AWS_REGION === undefined) throw new Error('AWS_REGION must be a region such as eu-west-1.');
  if (AWS_ENDPOINT_URL !== undefined)
    say(
      `AWS_ENDPOINT_URL is ${AWS_ENDPOINT_URL}: this proves the tests, not AWS. Nothing there tests single states: skipped.`
    );
  if (WRIT_API === undefined || WRIT_TOKEN === undefined)
    say(
      'WRIT_API and WRIT_TOKEN name no deployed API and no token of a submitter: the suite of the HTTP API is skipped.'
    );
};
