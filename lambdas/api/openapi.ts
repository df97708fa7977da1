import * as z from 'zod';
import type { Endpoint } from './endpoint.ts';
import { PROBLEMS, Problem, type ProblemName } from './problem.ts';

/** Problems that any request with a token can meet. */
const COMMON: readonly ProblemName[] = ['unauthenticated', 'forbidden', 'internal', 'unavailable'];

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
};

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const parametersIn = (where: 'path' | 'query' | 'header', shape: z.ZodObject | undefined): readonly object[] =>
  Object.entries(shape?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: where,
    required: !z.safeParse(schema, undefined).success,
    schema: z.toJSONSchema(schema, { io: 'output', override: ({ jsonSchema }) => void delete jsonSchema.$schema }),
  }));

const problemsOf = ({ problems }: Endpoint): object => {
  const byStatus = Map.groupBy([...problems, ...COMMON], (name) => PROBLEMS[name].status);
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => [
      status,
      {
        description: names.map((name) => PROBLEMS[name].title).join('; '),
        content: { 'application/problem+json': { schema: ref('Problem') } },
        ...(status === PROBLEMS.unavailable.status && {
          headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } },
        }),
      },
    ])
  );
};

/** OpenAPI takes one example, or several by name. */
const examplesOf = ({ example, more }: Endpoint['answer']): object =>
  more === undefined
    ? { example }
    : {
        examples: Object.fromEntries(
          Object.entries({ usual: example, ...more }).map(([name, value]) => [name, { value }])
        ),
      };

const operation = (endpoint: Endpoint): object => {
  const { id, summary, description, roles, request, requestExample, answer } = endpoint;
  const { params, query, headers, body } = request.shape;
  return {
    operationId: id,
    summary,
    description,
    // any one of the roles is enough, so each is an alternative of its own
    security: roles.map((role) => ({ token: [`writ/${role}`] })),
    parameters: [...parametersIn('path', params), ...parametersIn('query', query), ...parametersIn('header', headers)],
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(body, 'input'), example: requestExample } },
      },
    }),
    responses: {
      [answer.status]: {
        description: summary,
        content: { 'application/json': { schema: ref(answer.name), ...examplesOf(answer) } },
      },
      ...problemsOf(endpoint),
    },
  };
};

/** The OpenAPI 3.1 document of these endpoints. */
export const openApiOf = (endpoints: readonly Endpoint[]): object => {
  const byPath = Map.groupBy(endpoints, ({ path }) => path);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Writ',
      version: '1',
      description:
        'Submit tasks, follow their runs, approve what asks for it, read why each was decided, and stop what must stop.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries(
      [...byPath].map(([path, those]) => [
        path,
        Object.fromEntries(those.map((each) => [each.method, operation(each)])),
      ])
    ),
    components: {
      schemas: {
        Problem: schemaOf(Problem, 'output'),
        ...Object.fromEntries(endpoints.map(({ answer }) => [answer.name, schemaOf(answer.schema, 'output')])),
      },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token with the claims `tenant` and `roles`, or, for machines, scopes that name them.',
        },
      },
    },
  };
};
