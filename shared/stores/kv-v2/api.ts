import * as z from 'zod';
import { RelayError } from '#shared/errors.ts';
import { type Answer, json, nothing, type Reader } from '#shared/http/answer.ts';
import type { Call, Http, Reply } from '#shared/http/http.ts';
import { type Body, jsonBody, type RequestHeaders } from '#shared/http/request.ts';
import type { Secret } from '#shared/secret.ts';
import { interpreter, isAbsent, isOvertaken, notVersioned, type Right } from '#shared/stores/kv-v2/errors.ts';
import { formOfData } from '#shared/stores/kv-v2/form.ts';
import { type Marks, metadataSchema, type SecretState, stateOf } from '#shared/stores/kv-v2/marks.ts';
import { encodePath } from '#shared/stores/kv-v2/path.ts';
import type { KvSettings } from '#shared/stores/kv-v2/settings.ts';
import { type SignIn, TOKEN_HEADER } from '#shared/stores/kv-v2/sign-in.ts';

/** A version of a secret, and its value in the form of `form.ts`; undefined if it was deleted. */
interface ReadVersion {
  readonly version: number;
  readonly form: Secret | undefined;
}

/** Calls of KV version 2 on the secrets of one mount. All are repeatable. Names are relative to the folder. */
export interface KvApi {
  /** State of a secret without its value; undefined if nothing stands at the name. */
  state(name: string): Promise<SecretState | undefined>;
  /** Creates a secret without a value. False if metadata stands there already; Vault does not check that. */
  claim(name: string, marks: Marks): Promise<boolean>;
  /** Changes marks, and leaves others. False if the secret is gone, or another version of its metadata is current. */
  mark(name: string, marks: Marks, metadataCas: number | undefined): Promise<boolean>;
  /** Writes over a version, 0 for none. Returns the new version; undefined if another one is current. */
  write(name: string, form: Secret, over: number): Promise<number | undefined>;
  /** Reads a version, or the current one. Undefined if there is none. */
  read(name: string, version?: number): Promise<ReadVersion | undefined>;
  /** Deletes versions, so that none can be read. They can be restored. */
  remove(name: string, versions: readonly number[]): Promise<void>;
  /** Deletes a secret with all its versions, for good. */
  destroy(name: string): Promise<void>;
  /** Names and folders in a folder. Folders end in a slash. */
  namesIn(folder: string): Promise<readonly string[]>;
  /** States of all secrets below the folder, by name. Undefined if the server or the policy has no such call. */
  scan(): Promise<ReadonlyMap<string, SecretState> | undefined>;
}

export interface KvApiOptions {
  readonly http: Http;
  readonly signIn: SignIn;
  readonly settings: Pick<KvSettings, 'mount' | 'folder'>;
  /** Namespace of every call. */
  readonly headers: RequestHeaders;
  /** Wall clock in epoch milliseconds. */
  readonly now: () => number;
}

const MERGE_PATCH = 'application/merge-patch+json';

const mountSchema = z.object({
  data: z.object({ type: z.string(), options: z.object({ version: z.string().optional() }).nullish() }),
});
const stateSchema = z.object({ data: metadataSchema });
const writtenSchema = z.object({ data: z.object({ version: z.int().min(1) }) });
const readSchema = z.object({ data: z.object({ data: z.unknown(), metadata: z.object({ version: z.int().min(1) }) }) });
const namesSchema = z.object({ data: z.object({ keys: z.array(z.string()) }) });
/** An empty store has neither field. */
const scanSchema = z.object({
  data: z.object({
    keys: z.array(z.string()).default([]),
    key_info: z.record(z.string(), metadataSchema).default({}),
  }),
});

/** Reads an answer that means a missing secret as undefined. */
const orNone =
  <T>(isNone: (answer: Answer) => boolean, read: Reader<T>): Reader<T | undefined> =>
  (answer, call) =>
    isNone(answer) ? undefined : read(answer, call);

type KvCall<T> = Omit<Call<T>, 'idempotent' | 'headers' | 'interpret'> & {
  readonly right?: Right;
  readonly isFine?: (answer: Answer) => boolean;
};

export const createKvApi = ({ http, signIn, settings: { mount, folder }, headers, now }: KvApiOptions): KvApi => {
  /** Makes a call with a token. After a 403 because of the token, the call is made once more with a new one. */
  const call = async <T>({ right, isFine = () => false, ...sent }: KvCall<T>): Promise<Reply<T>> => {
    const make = async (token: Secret): Promise<Reply<T>> =>
      http.send({
        ...sent,
        headers: { ...headers, [TOKEN_HEADER]: token },
        // Writes are fenced, and the others have the same effect if made twice.
        idempotent: true,
        interpret: interpreter(right, (answer) => (isFine(answer) ? 'fine' : undefined)),
      });
    const token = await signIn.token();
    try {
      return await make(token.value);
    } catch (error) {
      const isDenied = error instanceof RelayError && error.name === 'StoreDenied';
      if (!isDenied || !(await signIn.renew(token))) throw error;
      return make((await signIn.token()).value);
    }
  };

  const checkMount = async (): Promise<void> => {
    const right = { path: `${mount}/*`, capabilities: ['read', 'list'] };
    const { value } = await call({
      method: 'GET',
      path: `v1/sys/internal/ui/mounts/${encodePath(mount)}`,
      right,
      read: json(mountSchema),
    });
    const { type, options } = value.data;
    if (type === 'kv' && options?.version === '2') return;
    throw notVersioned(mount, type === 'kv' ? 'version 1 of the key-value store' : 'no key-value store');
  };

  let checked: Promise<void> | undefined;
  /** Checks the mount before the first call. Version 1 would ignore the fence without a word. */
  const checkedCall = async <T>(sent: KvCall<T>): Promise<Reply<T>> => {
    checked ??= checkMount();
    try {
      await checked;
    } catch (error) {
      checked = undefined;
      throw error;
    }
    return call(sent);
  };

  const root = folder === undefined ? '' : `${folder}/`;
  const pathOf = (kind: string, name: string): string => `v1/${encodePath(`${mount}/${kind}/${root}${name}`)}`;
  const rightTo = (kind: string, ...capabilities: readonly string[]): Right => ({
    path: `${mount}/${kind}/${root}*`,
    capabilities,
  });
  /** Clock of the server, as far as an answer shows it. */
  const atMs = ({ at }: Pick<Reply<unknown>, 'at'>): number => (at === undefined ? now() : Date.parse(at));

  const body = (value: unknown, contentType = 'application/json'): Body => ({ ...jsonBody(value), contentType });

  const supports = { scan: true };

  return {
    async state(name) {
      const reply = await checkedCall({
        method: 'GET',
        path: pathOf('metadata', name),
        right: rightTo('metadata', 'read'),
        isFine: isAbsent,
        read: orNone(isAbsent, json(stateSchema)),
      });
      return reply.value && stateOf(reply.value.data, atMs(reply));
    },

    async claim(name, marks) {
      const { status } = await checkedCall({
        method: 'POST',
        path: pathOf('metadata', name),
        body: body({ custom_metadata: marks, metadata_cas: 0 }),
        right: rightTo('metadata', 'create', 'update'),
        isFine: isOvertaken,
        read: nothing,
      });
      return status !== 400;
    },

    async mark(name, marks, metadataCas) {
      const { status } = await checkedCall({
        method: 'PATCH',
        path: pathOf('metadata', name),
        body: body(
          { custom_metadata: marks, ...(metadataCas !== undefined && { metadata_cas: metadataCas }) },
          MERGE_PATCH,
        ),
        right: rightTo('metadata', 'patch'),
        isFine: (answer) => isOvertaken(answer) || isGone(answer),
        read: nothing,
      });
      return status < 400;
    },

    async write(name, form, over) {
      const { value } = await checkedCall({
        method: 'POST',
        path: pathOf('data', name),
        body: {
          contentType: 'application/json',
          text: form.map((json) => `{"data":${json},"options":{"cas":${over}}}`),
        },
        right: rightTo('data', 'create', 'update'),
        isFine: isOvertaken,
        read: orNone(isOvertaken, json(writtenSchema)),
      });
      return value?.data.version;
    },

    async read(name, version) {
      const { value } = await checkedCall({
        method: 'GET',
        path: pathOf('data', name),
        query: { version },
        right: rightTo('data', 'read'),
        isFine: (answer) => isAbsent(answer) || isDeleted(answer),
        read: orNone(isAbsent, json(readSchema)),
      });
      return value && { version: value.data.metadata.version, form: formOfData(value.data.data) };
    },

    async remove(name, versions) {
      await checkedCall({
        method: 'POST',
        path: pathOf('delete', name),
        body: body({ versions }),
        right: rightTo('delete', 'create', 'update'),
        isFine: isAbsent,
        read: nothing,
      });
    },

    async destroy(name) {
      await checkedCall({
        method: 'DELETE',
        path: pathOf('metadata', name),
        right: rightTo('metadata', 'delete'),
        isFine: isAbsent,
        read: nothing,
      });
    },

    async namesIn(inner) {
      const { value } = await checkedCall({
        method: 'GET',
        path: pathOf('metadata', inner),
        query: { list: 'true' },
        right: rightTo('metadata', 'list'),
        isFine: isAbsent,
        read: orNone(isAbsent, json(namesSchema)),
      });
      return value?.data.keys ?? [];
    },

    async scan() {
      if (!supports.scan) return undefined;
      const reply = await checkedCall({
        method: 'GET',
        path: pathOf('detailed-metadata', ''),
        query: { scan: 'true' },
        isFine: isUnsupported,
        read: orNone(isUnsupported, json(scanSchema)),
      });
      // A policy can allow it later; a server without the call has to be replaced.
      if (reply.value === undefined) {
        supports.scan = reply.status === 403;
        return undefined;
      }
      return statesIn(reply.value.data, atMs(reply));
    },
  };
};

/** A name without metadata was deleted while the server made the list, and an answer about it is missing. */
const statesIn = (
  { keys, key_info: infos }: z.output<typeof scanSchema>['data'],
  nowMs: number,
): ReadonlyMap<string, SecretState> | undefined => {
  const states = new Map<string, SecretState>();
  for (const key of keys) {
    const info = Object.hasOwn(infos, key) ? infos[key] : undefined;
    if (info === undefined) return undefined;
    states.set(key, stateOf(info, nowMs));
  }
  return states;
};

/** True for a version that was deleted. The answer has the status of a missing one, and its metadata. */
const isDeleted = ({ status, text }: Answer): boolean => {
  if (status !== 404) return false;
  try {
    return readSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};

/** A change of metadata that is missing is answered without any text. */
const isGone = (answer: Answer): boolean => answer.status === 404 && (answer.text === '' || isAbsent(answer));

const isUnsupported = ({ status }: Answer): boolean => [400, 403, 404, 405].includes(status);
