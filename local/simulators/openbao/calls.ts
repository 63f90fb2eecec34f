import type { IncomingMessage } from 'node:http';
import { posix } from 'node:path';
import { readBody, splitUrl } from '../common/calls.ts';
import { Refusal, refusal } from './replies.ts';

/** Source: the listener's `max_request_size`, 32 MiB by default. */
const MAX_BODY_BYTES = 33_554_432;
/** Maximum length of one string in a body. HashiCorp Vault has this limit, OpenBao 2.7 has none. */
const MAX_VAULT_STRING = 1_048_576;

/** Right that an operation needs. A write is `create` where nothing exists yet. */
export type Operation = 'read' | 'list' | 'scan' | 'update' | 'patch' | 'delete';

/** A received call. */
export interface Call {
  readonly operation: Operation;
  /** Decoded path below `/v1/`, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Header `X-Vault-Namespace`, without slashes at its ends. */
  readonly namespace: string;
  readonly token: string | undefined;
  /** Fields of the body; undefined without a body. */
  readonly fields: Fields | undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Node's parser refuses the verbs `LIST` and `SCAN`, whose equivalents are `GET` with a parameter. */
const VERBS: Readonly<Record<string, Operation>> = {
  GET: 'read',
  POST: 'update',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const PATCH_TYPE = 'application/merge-patch+json';
const BEARER = /^Bearer /;

/**
 * Reads a call completely. Throws a Refusal for one that the server refuses before it looks at the path.
 * @param isVault True for the operations and limits of HashiCorp Vault.
 */
export const readCall = async (request: IncomingMessage, isVault: boolean): Promise<Call> => {
  const body = await readBody(request, MAX_BODY_BYTES);
  const { headers, method = 'GET' } = request;
  const { path: raw, search } = splitUrl(request);
  const query = new URLSearchParams(search);
  const operation = operationOf(method, query, isVault);
  const path = decodePath(raw);
  const contentType = headers['content-type'] ?? '';
  if (operation === 'patch' && !contentType.startsWith(PATCH_TYPE)) {
    throw new Refusal(refusal(415, `PATCH requires Content-Type of ${PATCH_TYPE}, provided ${contentType}`));
  }
  const token = String(headers['x-vault-token'] ?? '') || (headers.authorization ?? '').replace(BEARER, '');
  return {
    operation,
    path,
    query,
    namespace: String(headers['x-vault-namespace'] ?? '').replace(/^\/|\/$/g, ''),
    token: token === '' ? undefined : token,
    fields: parseFields(body, isVault),
  };
};

/** In HashiCorp Vault, a scan is a read. */
const operationOf = (method: string, query: URLSearchParams, isVault: boolean): Operation => {
  const operation = VERBS[method];
  if (operation === undefined) throw new Refusal(refusal(405));
  if (operation !== 'read') return operation;
  if (query.get('list') === 'true') return 'list';
  return query.get('scan') === 'true' && !isVault ? 'scan' : 'read';
};

/** A path with empty segments or dots is redirected to its clean form, like every path of Go's HTTP server. */
const decodePath = (raw: string): string => {
  const path = decodeURIComponent(raw);
  const clean = posix.normalize(path);
  if (clean !== path) throw new Refusal({ status: 307, headers: { location: encodeURI(clean) } });
  if (/[^\P{C}]/u.test(path)) throw new Refusal({ status: 400 });
  if (!path.startsWith('/v1/')) throw new Refusal({ status: 404 });
  return path.slice('/v1/'.length);
};

const parseFields = (body: string, isVault: boolean): Fields | undefined => {
  if (body.trim() === '') return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Refusal(refusal(400, 'failed to decode JSON input: unexpected EOF'));
  }
  if (isVault && hasLongString(parsed)) throw new Refusal(refusal(500, 'JSON string value exceeds allowed length'));
  if (isFields(parsed)) return parsed;
  const type = Array.isArray(parsed) ? 'array' : typeof parsed;
  const into = 'of type map[string]interface {}';
  throw new Refusal(refusal(400, `failed to decode JSON input: json: cannot unmarshal ${type} into Go value ${into}`));
};

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const hasLongString = (value: unknown): boolean => {
  if (typeof value === 'string') return Buffer.byteLength(value) > MAX_VAULT_STRING;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasLongString);
};
