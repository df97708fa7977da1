/** Lambda itself refused the invocation: the function did not run. `name` is the name that Lambda gives the error. */
export class InvocationRefused extends Error {
  override readonly name: 'RequestTooLargeException' | 'ResourceNotFoundException' | 'TooManyRequestsException';
  constructor(name: InvocationRefused['name'], message: string) {
    super(message);
    this.name = name;
  }
}

/** `arn:aws:lambda:<region>:<account>:function:<name>[:<version>]`, or the name alone. */
export const functionNameOf = (nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? (nameOrArn.split(':')[6] ?? '') : (nameOrArn.split(':')[0] ?? '');

/** The ARN of what is invoked, its qualifier included, where it is named as Lambda takes it: by name, partial or whole ARN. */
export const functionArnOf = (nameOrArn: string, region: string, account: string): string => {
  if (nameOrArn.startsWith('arn:')) return nameOrArn;
  return `arn:aws:lambda:${region}:${account}:function:${nameOrArn.replace(/^\d{12}:function:/, '')}`;
};
