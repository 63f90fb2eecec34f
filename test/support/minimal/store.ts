import * as z from 'zod';
import { encodeQuoted } from '#shared/domain/naming.ts';
import { RelayError } from '#shared/errors.ts';
import { json, nothing } from '#shared/http/answer.ts';
import { createHttp, type Http, type Interpreter } from '#shared/http/http.ts';
import { jsonBody } from '#shared/http/request.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { Delivery, Presence, SecretStore, StoreType } from '#shared/stores/store.ts';

/**
 * The smallest store that the port allows: a name, an owner, a stamp and a write-only value per secret. It has no
 * stages, no fence and no way to restore.
 */

const settings = z.strictObject({ type: z.literal('minimal-store'), url: z.url(), ca: z.string().optional() });

const MAX_VALUE_BYTES = 1000;
const LIMITS = { inFlight: 8, perSecond: 1000, timeoutSeconds: 10 };

const rowSchema = z.object({ name: z.string(), owner: z.string(), stamp: z.string().optional() });
const rowsSchema = z.array(rowSchema);

const interpret: Interpreter = ({ status }, { name }) =>
  status === 200 || status === 404
    ? undefined
    : new RelayError('StoreUnavailable', `${name} was answered with ${status}.`);

const pathOf = (name: string): string => `secrets/${encodeURIComponent(name)}`;

/** The secrets of one owner behind an open connection. */
export const connectMinimalStore = (http: Http, owner: string): SecretStore => {
  const inspect = async (name: string): Promise<Presence> => {
    const { value: row } = await http.send({
      method: 'GET',
      path: pathOf(name),
      idempotent: true,
      interpret,
      read: (answer, call) => (answer.status === 404 ? undefined : json(rowSchema)(answer, call)),
    });
    if (row === undefined) return { kind: 'absent' };
    return row.owner === owner ? { kind: 'owned', stamp: row.stamp, retired: false } : { kind: 'foreign' };
  };

  const put = async ({ name, value, stamp }: Delivery): Promise<void> => {
    const content = value.map((text) => (typeof text === 'string' ? text : ''));
    const body = jsonBody({ owner, stamp, value: content.reveal() });
    await http.send({ method: 'PUT', path: pathOf(name), body, idempotent: true, interpret, read: nothing });
  };

  return {
    async *list() {
      const { value } = await http.send({
        method: 'GET',
        path: 'secrets',
        idempotent: true,
        interpret,
        read: json(rowsSchema),
      });
      yield value.filter((row) => row.owner === owner).map(({ name, stamp }) => ({ name, stamp }));
    },
    inspect,
    holds: async () => 'unknown',
    async deliver(delivery) {
      const { name, stamp } = delivery;
      checkValue(delivery);
      const found = await inspect(name);
      if (found.kind === 'foreign') throw foreignSecret({ name, for: undefined, command: adoption(name, owner) });
      if (found.kind === 'owned' && found.stamp === stamp) return { changed: false, verified: 'accepted' };
      await delivery.beforeWrite?.();
      await put(delivery);
      return { changed: true, verified: 'accepted' };
    },
    async retire(name) {
      if ((await inspect(name)).kind !== 'owned') return false;
      await http.send({ method: 'DELETE', path: pathOf(name), idempotent: true, interpret, read: nothing });
      return true;
    },
    adoption: (name) => adoption(name, owner),
  };
};

/** The connection to the server of the store. */
export const openMinimalStore = ({ url, ca }: { readonly url: string; readonly ca?: string | undefined }): Http =>
  createHttp({ connection: 'minimal store', url, ca, limits: LIMITS });

const adoption = (name: string, owner: string): string => `curl -X PATCH ${pathOf(name)} -d owner=${owner}`;

const checkValue = ({ name, value }: Delivery): void => {
  const content = value.reveal();
  if (typeof content !== 'string' || content === '' || !content.isWellFormed()) {
    throw new RelayError('ValueNotText', `${name}: the value is empty or not text.`);
  }
  if (Buffer.byteLength(content) > MAX_VALUE_BYTES)
    throw new RelayError('ValueTooLarge', `${name}: the value is too large.`);
};

export const minimalStore: StoreType<typeof settings> = {
  settings,
  rules: {
    name: {
      store: 'The minimal store',
      maxLength: 100,
      allowed: { words: 'lower-case letters, digits and /-', test: (character) => /[a-z0-9/-]/.test(character) },
      encodePart: encodeQuoted(/[^A-Za-z0-9-]/gu),
    },
    valueBytes: MAX_VALUE_BYTES,
    binary: false,
    readable: false,
    fence: 'none',
    recovery: 'none',
  },
  connect: ({ url, ca }, { owner }) => connectMinimalStore(openMinimalStore({ url, ca }), owner),
  grants: () => [],
};
