import type { ApiEndpoint } from '../site.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { GUID, policyTypes, ref, type Schema, schemasOf } from './schemas.ts';

const content = (schema: Schema) => ({ 'application/json': { schema } });

/** A 404 has content only for an object that a body names. */
const refusal = (status: number) =>
  status === 400
    ? { description: 'Bad Request', content: content(ref('ErrorResponseModel')) }
    : { description: status === 401 ? 'Unauthorized' : 'Not Found' };

const responsesOf = ({ answer, refusals }: Operation) => ({
  '200': { description: 'OK', ...(answer !== undefined && { content: content(answer) }) },
  ...Object.fromEntries([401, ...refusals].map((status) => [status, refusal(status)])),
});

const parameter = (name: string, schema: Schema, where: 'path' | 'query') => ({
  name,
  in: where,
  ...(where === 'path' && { required: true }),
  schema,
});

const operationOf = ({ kind, template, idIs }: ApiEndpoint, isOlder: boolean) => {
  const operation = OPERATIONS[kind];
  if (operation === undefined) throw new RangeError(`The call ${kind} is not described.`);
  const { body, query = {} } = operation;
  const id = idIs === 'number' ? policyTypes(isOlder) : GUID;
  return {
    operationId: kind,
    parameters: [
      ...(template.includes('{id}') ? [parameter('id', id, 'path')] : []),
      ...Object.entries(query).map(([name, schema]) => parameter(name, schema, 'query')),
    ],
    ...(body !== undefined && { requestBody: { required: true, content: content(body) } }),
    responses: responsesOf(operation),
  };
};

/** The document for these calls of a server. Paths are below the API, as `servers` says. */
export const describe = (endpoints: readonly ApiEndpoint[], isOlder: boolean): object => {
  const paths = Map.groupBy(endpoints, ({ template }) => template.slice('api'.length));
  const operations = [...paths].map(([path, ones]) => [
    path,
    Object.fromEntries(ones.map((one) => [one.method.toLowerCase(), operationOf(one, isOlder)])),
  ]);
  return {
    openapi: '3.0.1',
    info: { title: 'Bitwarden Public API', version: 'latest' },
    servers: [{ url: '/api' }],
    paths: Object.fromEntries(operations),
    components: {
      schemas: schemasOf(isOlder),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ bearer: [] }],
  };
};
