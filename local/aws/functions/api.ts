import { refuse, type Service } from '../server.ts';
import type { Functions } from './functions.ts';

const INVOCATION = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Lambda's synchronous `Invoke`, which `aws lambda invoke` calls. */
export const createLambdaApi =
  (functions: Functions): Service =>
  async (request, response, { body }) => {
    const name = decodeURIComponent(
      INVOCATION.exec(new URL(request.url ?? '/', 'http://127.0.0.1').pathname)?.[1] ?? '',
    );
    const type = request.headers['x-amz-invocation-type'] ?? 'RequestResponse';
    if (name === '' || type !== 'RequestResponse')
      return refuse(response, 400, 'UnknownOperationException', 'Local mode supports only synchronous Invoke.');
    if (!functions.has(name)) return refuse(response, 404, 'ResourceNotFoundException', `Function not found: ${name}`);
    const payload = await body();
    const result = await functions.invoke(name, payload === '' ? '{}' : payload);
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(!result.ok && { 'x-amz-function-error': 'Unhandled' }),
    });
    response.end(result.ok ? result.payload : JSON.stringify(result.failure));
  };
