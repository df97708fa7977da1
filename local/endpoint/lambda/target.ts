import type { LambdaFunction } from '../../template/functions.ts';
import { ServiceError } from '../exchange.ts';

/** A function as a request names it. */
export interface Target {
  readonly name: string;
  /** A version, an alias or `$LATEST`, where the request names one. */
  readonly qualifier: string | undefined;
  /** Qualified, if the request is. */
  readonly arn: string;
}

const NAMED =
  /^(?:(arn:aws:lambda:[\w-]+:\d{12}:function:)|\d{12}:function:)?([\w-]{1,140})(?::(\$LATEST|[\w-]{1,128}))?$/;

/** Reads `name`, `<account>:function:<name>` or an ARN, each with `:<qualifier>` or not. `prefix` is what ARNs here begin with. */
export const targetOf = (id: string, asked: string | null, prefix: string): Target => {
  const [whole, givenPrefix = prefix, name = '', own] = NAMED.exec(id) ?? [];
  if (whole === undefined)
    throw new ServiceError(
      'ValidationException',
      'expected the name or the ARN of a function, with a qualifier or not'
    );
  if (own !== undefined && asked !== null && own !== asked) {
    const message = 'The derived qualifier from the function name does not match the specified qualifier.';
    throw new ServiceError('InvalidParameterValueException', message);
  }
  const qualifier = own ?? asked ?? undefined;
  return { name, qualifier, arn: `${givenPrefix}${name}${qualifier === undefined ? '' : `:${qualifier}`}` };
};

export const LATEST = '$LATEST';

/** The function that a target leads to, and which version of it: all of them are the code that was synthesised last. */
export const resolve = (
  functions: readonly LambdaFunction[],
  { name, qualifier = LATEST, arn }: Target
): { readonly lambda: LambdaFunction; readonly version: string } => {
  const lambda = functions.find((candidate) => candidate.name === name && arn.startsWith(candidate.arn));
  if (lambda === undefined || ![LATEST, ...lambda.versions].includes(qualifier))
    throw new ServiceError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  return { lambda, version: qualifier };
};
