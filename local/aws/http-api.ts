import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Functions } from './functions/functions.ts';
import { arnOf, type Resource, type Template } from './template/template.ts';

/** The HTTP APIs of the template, each on a port of its own of the loopback interface. */
export interface HttpApis {
  /** Address of an API, by its name. Without a trailing slash. @throws if there is none. */
  urlOf(name: string): string;
  close(): Promise<void>;
}

const ignored = z.unknown().optional();

// Also lists properties without effect on one machine, so that unknown ones are rejected.
const apiSchema = z.strictObject({
  Name: z.string(),
  ProtocolType: z.literal('HTTP'),
  Description: ignored,
  DisableExecuteApiEndpoint: ignored,
});
/**
 * A domain has no server of its own: the API answers on loopback, in plain HTTP, and asks for no client certificate.
 * The default endpoint that the template disables is not that address, so it does not close it.
 */
const domainSchema = z.strictObject({
  DomainName: z.string(),
  DomainNameConfigurations: ignored,
  MutualTlsAuthentication: ignored,
});
const mappingSchema = z.strictObject({ ApiId: z.string(), DomainName: z.string(), Stage: z.literal('$default') });
const integrationSchema = z.strictObject({
  ApiId: z.string(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
});
/** Only literal paths. */
const routeSchema = z.strictObject({
  ApiId: z.string(),
  RouteKey: z.string().regex(/^[A-Z]+ \/[\w-]+$/),
  Target: z.string().startsWith('integrations/'),
});
const stageSchema = z.strictObject({
  ApiId: z.string(),
  StageName: z.literal('$default'),
  AutoDeploy: z.literal(true),
  AccessLogSettings: ignored,
  RouteSettings: ignored,
});
const permissionSchema = z.looseObject({ FunctionName: z.string(), Principal: z.string(), SourceArn: z.string() });

interface Api {
  readonly name: string;
  readonly ref: string;
  /** ARNs of functions, by route key. */
  readonly routes: ReadonlyMap<string, string>;
}

const apisIn = (template: Template): readonly Api[] => {
  const parse = <T>(resources: readonly Resource[], schema: z.ZodType<T>) =>
    resources.map((resource) => ({ resource, properties: schema.parse(resource.properties) }));
  const integrations = parse(template.ofType('AWS::ApiGatewayV2::Integration'), integrationSchema);
  const routes = parse(template.ofType('AWS::ApiGatewayV2::Route'), routeSchema);
  const stages = parse(template.ofType('AWS::ApiGatewayV2::Stage'), stageSchema);
  const domains = parse(template.ofType('AWS::ApiGatewayV2::DomainName'), domainSchema);
  const mappings = parse(template.ofType('AWS::ApiGatewayV2::ApiMapping'), mappingSchema);
  for (const { properties } of domains) {
    if (!mappings.some((mapping) => mapping.properties.DomainName === properties.DomainName)) {
      throw new Error(`The domain ${properties.DomainName} leads to no API.`);
    }
  }
  const permissions = template.resources
    .filter(({ type }) => type === 'AWS::Lambda::Permission')
    .map(({ properties }) => permissionSchema.parse(properties))
    .filter(({ Principal }) => Principal === 'apigateway.amazonaws.com');
  return parse(template.ofType('AWS::ApiGatewayV2::Api'), apiSchema).map(({ resource, properties }) => {
    const { ref } = resource.identity;
    if (!stages.some((stage) => stage.properties.ApiId === ref)) throw new Error(`${properties.Name} has no stage.`);
    const own = routes.filter((route) => route.properties.ApiId === ref);
    return {
      name: properties.Name,
      ref,
      routes: new Map(
        own.map(({ properties: { RouteKey, Target } }) => {
          const target = integrations.find(({ resource: one }) => `integrations/${one.identity.ref}` === Target);
          const fn = template
            .ofType('AWS::Lambda::Function')
            .find((one) => arnOf(one) === target?.properties.IntegrationUri);
          if (fn === undefined) throw new Error(`The route ${RouteKey} calls no function of the template.`);
          const isAllowed = permissions.some(
            ({ FunctionName, SourceArn }) => FunctionName === arnOf(fn) && SourceArn.includes(`:${ref}/`),
          );
          if (!isAllowed) throw new Error(`The route ${RouteKey} may not invoke its function.`);
          return [RouteKey, arnOf(fn)];
        }),
      ),
    };
  });
};

/** Longest request line with headers, and longest body. Source: API Gateway developer guide, "Quotas for HTTP APIs". */
const MAX_HEADER_BYTES = 10_240;
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Types whose body is passed as text. Source: tickets-and-rotation.md 5. Every other body is in base64.
 */
const TEXT = /^(?:text\/.*|application\/(?:json|xml|javascript))(?:;|$)/;

const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const answerSchema = z.object({ statusCode: z.int(), body: z.string().default('') });

const reply = (response: ServerResponse, status: number, body = ''): void => {
  response.writeHead(status, body === '' ? {} : { 'content-type': 'application/json' }).end(body);
};

const handle = async (
  api: Api,
  functions: Pick<Functions, 'invoke'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { method = 'GET', url = '/' } = request;
  const [rawPath = '/', rawQueryString = ''] = url.split('?');
  const routeKey = `${method} ${rawPath}`;
  const fn = api.routes.get(routeKey);
  const body = await readBody(request);
  if (body === undefined) return reply(response, 413, '{"message":"Request Entity Too Large"}');
  if (fn === undefined) return reply(response, 404, '{"message":"Not Found"}');
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(',')]),
  );
  const isBase64Encoded = !TEXT.test(request.headers['content-type'] ?? '');
  const event = {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    headers,
    requestContext: { http: { method, path: rawPath, sourceIp: '127.0.0.1' }, stage: '$default' },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
  const result = await functions.invoke(fn, JSON.stringify(event));
  const { data } = answerSchema.safeParse(result.ok ? JSON.parse(result.payload) : undefined);
  if (data === undefined) return reply(response, 500, '{"message":"Internal Server Error"}');
  reply(response, data.statusCode, data.body);
};

/** Starts the HTTP APIs. @throws for anything in them that local mode does not support. */
export const startHttpApis = async (template: Template, functions: Pick<Functions, 'invoke'>): Promise<HttpApis> => {
  const running = await Promise.all(
    apisIn(template).map(async (api) => {
      const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
        handle(api, functions, request, response).catch(() => response.destroy());
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('An HTTP API is not listening on a port.');
      return { api, server, url: `http://127.0.0.1:${address.port}` };
    }),
  );
  return {
    urlOf(name) {
      const found = running.find(({ api }) => api.name === name);
      if (found === undefined) throw new Error(`There is no HTTP API ${name}.`);
      return found.url;
    },
    async close() {
      for (const { server } of running) {
        server.closeAllConnections();
        await server[Symbol.asyncDispose]();
      }
    },
  };
};
