import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';

const path = join(process.env.WRIT_DATA ?? '', 'openapi', 'jira.subset.json');

/** The vendor's published contract is data from outside: these tests need the folder that WRIT_DATA names. */
export const hasSpec = process.env.WRIT_DATA !== undefined && existsSync(path);

export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly requestBody?: unknown;
  readonly status: number;
  /** The answer's text; empty for none. */
  readonly answer: string;
}

interface Media {
  readonly content?: { readonly 'application/json'?: { readonly schema?: { readonly $ref?: string } } };
}
interface SpecOperation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: Media & { readonly required?: boolean };
  readonly responses: Readonly<Record<string, Media>>;
}

export interface Spec {
  readonly operationIds: readonly string[];
  /** What in an exchange is not as the contract has it; empty where it conforms. */
  readonly faultsOf: (exchange: Exchange) => readonly string[];
  readonly operationOf: (exchange: Pick<Exchange, 'method' | 'url'>) => string | undefined;
  readonly schema: (name: string) => ValidateFunction;
}

/** Reads the contract. Throws where a schema of it does not compile: AJV would otherwise let everything pass. */
export const readSpec = (): Spec => {
  const document = JSON.parse(readFileSync(path, 'utf8'));
  const operations = Object.entries<Record<string, SpecOperation>>(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`),
      operation,
    }))
  );
  // parameters come as text; nothing else is coerced
  const options = { strict: false, allErrors: true, validateFormats: true } as const;
  const ajv = new Ajv(options);
  const parameters = new Ajv({ ...options, coerceTypes: 'array' });
  addFormatsModule.default(ajv);
  addFormatsModule.default(parameters);
  ajv.addSchema(document, 'jira');
  const schema = (name: string) => ajv.compile({ $ref: `jira#/components/schemas/${name}` });

  const find = (method: string, url: string) =>
    operations.find((one) => one.method === method && one.pattern.test(new URL(url).pathname))?.operation;

  const check = (media: Media | undefined, value: unknown, what: string): readonly string[] => {
    const ref = media?.content?.['application/json']?.schema?.$ref;
    if (ref === undefined) return [];
    const validate = ajv.compile({ $ref: `jira${ref}` });
    return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`];
  };

  const queryFaults = (operation: SpecOperation, url: string) =>
    [...new Set(new URL(url).searchParams.keys())].flatMap((name) => {
      const declared = operation.parameters?.find((parameter) => parameter.in === 'query' && parameter.name === name);
      if (declared === undefined) return [`parameter ${name} is not declared`];
      const value = { value: new URL(url).searchParams.get(name) };
      const valid = parameters.compile({ type: 'object', properties: { value: declared.schema } })(value);
      return valid ? [] : [`parameter ${name} does not conform`];
    });

  return {
    schema,
    operationIds: operations.map(({ operation }) => operation.operationId),
    operationOf: ({ method, url }) => find(method, url)?.operationId,
    faultsOf: ({ method, url, requestBody, status, answer }) => {
      const operation = find(method, url);
      if (operation === undefined) return [`no operation at ${method} ${url}`];
      const response = operation.responses[String(status)];
      const bodyFaults =
        requestBody === undefined
          ? operation.requestBody?.required
            ? ['the request has no body']
            : []
          : operation.requestBody === undefined
            ? ['the request may have no body']
            : check(operation.requestBody, requestBody, 'request');
      const answerFaults =
        response === undefined
          ? [`status ${status} is not declared`]
          : status === 204
            ? answer === ''
              ? []
              : ['a 204 has no body']
            : check(response, JSON.parse(answer), 'answer');
      return [...queryFaults(operation, url), ...bodyFaults, ...answerFaults];
    },
  };
};

/** A fetch that writes down every exchange. */
export const recording = () => {
  const exchanges: Exchange[] = [];
  const record: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    exchanges.push({
      method: init?.method ?? 'GET',
      url: String(input),
      ...(typeof init?.body === 'string' && { requestBody: JSON.parse(init.body) }),
      status: response.status,
      answer: await response.clone().text(),
    });
    return response;
  };
  return { exchanges, fetch: record };
};
