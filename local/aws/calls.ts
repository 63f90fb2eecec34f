import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** One call of an AWS service, identified by its signature and its request line. */
export interface AwsCall {
  /** Service name in the signature, such as `s3`, `sts`, `secretsmanager`, `states`, `lambda`, `cloudformation`. */
  readonly service: string;
  readonly action: string;
  /** Access key id. For a function, its name. */
  readonly caller: string;
  /** Region in the signature. */
  readonly region: string;
  /** Body of the request as text. Can be called repeatedly, but nothing else must read the request. */
  body(): Promise<string>;
}

const CREDENTIAL = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d+\/([\w-]+)\/(\w+)\/aws4_request/;

/** Identifies a call by its signature. Undefined for an unsigned request, which the SDK never sends. */
export const callOf = (request: IncomingMessage): AwsCall | undefined => {
  const [, caller, region, service] = CREDENTIAL.exec(request.headers.authorization ?? '') ?? [];
  if (caller === undefined || region === undefined || service === undefined) return undefined;
  let body: Promise<string> | undefined;
  return {
    caller,
    region,
    service,
    action: actionOf(service, request),
    body() {
      body ??= text(request);
      return body;
    },
  };
};

const actionOf = (service: string, request: IncomingMessage): string => {
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target !== '') return target.slice(target.lastIndexOf('.') + 1);
  if (service === 's3') return s3Action(request);
  if (service === 'lambda') return 'Invoke';
  // In the query protocol, the action is in the body, which the service reads.
  return 'Query';
};

const s3Action = ({ method = '', url = '/' }: IncomingMessage): string => {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const hasKey = pathname.split('/').filter((part) => part !== '').length > 1;
  if (searchParams.get('list-type') === '2') return 'ListObjectsV2';
  if (method === 'POST') return searchParams.has('delete') ? 'DeleteObjects' : 'Post';
  const verbs: Record<string, string> = { GET: 'Get', PUT: hasKey ? 'Put' : 'Create', DELETE: 'Delete', HEAD: 'Head' };
  return `${verbs[method] ?? method}${hasKey ? 'Object' : 'Bucket'}`;
};
