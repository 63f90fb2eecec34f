import type { RelayError } from '#shared/errors.ts';
import type { StorePace } from '#shared/limits/store-pace.ts';
import type { Secret } from '#shared/secret.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { KvApi } from '#shared/stores/kv-v2/api.ts';
import { notReadBack, overtaken, stampTaken, tooLarge, unfit } from '#shared/stores/kv-v2/errors.ts';
import { formOf } from '#shared/stores/kv-v2/form.ts';
import {
  announce,
  claim,
  confirm,
  isAnnounced,
  isRetired,
  likelyStamp,
  ownedBy,
  type SecretState,
  unclaim,
  withdraw,
} from '#shared/stores/kv-v2/marks.ts';
import { kvRules } from '#shared/stores/kv-v2/rules.ts';
import type { Delivered, Delivery, SecretStore } from '#shared/stores/store.ts';

/** Quota of all writes. */
export const WRITES = 'write';

export interface DeliveryOptions {
  readonly api: KvApi;
  readonly owner: string;
  readonly pace: Pick<StorePace, 'take'> | undefined;
  readonly adoption: SecretStore['adoption'];
}

/** A delivery, and its value in the form of KV. */
interface Prepared extends Delivery {
  readonly form: Secret;
}

const DONE: Delivered = { changed: true, verified: 'read-back' };
const UNCHANGED: Delivered = { changed: false, verified: 'read-back' };

/**
 * Delivers a value: announce the stamp for the next version (a new secret is claimed in the same call), write that
 * version over the one that was found, read it back, confirm the stamp.
 *
 * KV has no stages, so the write is the promotion. A crash after it leaves a version whose stamp is only announced. The
 * next delivery finds its value there and confirms it, or replaces it.
 */
export const createDeliver = ({ api, owner, pace, adoption }: DeliveryOptions): SecretStore['deliver'] => {
  const write = async <T>({ beforeWrite }: Delivery, call: () => Promise<T>): Promise<T> => {
    await pace?.take(WRITES);
    await beforeWrite?.();
    return call();
  };

  const deliver = async (delivery: Delivery): Promise<Delivered> => {
    const prepared = prepare(delivery);
    const { name, stamp, expected } = prepared;
    const state = await api.state(name);
    if (state === undefined) {
      if (typeof expected !== 'string') throw overtaken(name);
      return create(prepared);
    }
    if (state.owner !== owner) throw foreign(name);
    const isPlanned = typeof expected !== 'string' && expected.stamp === likelyStamp(state);
    if (state.current === 0 || isRetired(state)) {
      if (typeof expected === 'string' || isPlanned) return replace(prepared, state);
      throw overtaken(name);
    }
    if (state.stamp === stamp) {
      if (await holds(prepared, state)) return UNCHANGED;
      throw stampTaken(name);
    }
    if (state.stamp === undefined) {
      if (await holds(prepared, state)) return settle(prepared, state.current, state);
      if (isPlanned || (expected === 'unstamped' && !isInProgress(state))) return replace(prepared, state);
      throw overtaken(name);
    }
    if (isPlanned) return replace(prepared, state);
    throw overtaken(name);
  };

  /** Claims a free name, and delivers the first version. */
  const create = async (delivery: Prepared): Promise<Delivered> => {
    const { name, description, stamp, form } = delivery;
    if (!(await write(delivery, () => api.claim(name, claim(owner, description, stamp))))) {
      // An earlier attempt, whose answer was lost, may have claimed the name.
      const claimed = await api.state(name);
      if (claimed?.owner === owner && claimed.current === 0) return replace(delivery, claimed);
      throw overtaken(name);
    }
    const version = await write(delivery, () => api.write(name, form, 0));
    if (version !== undefined) return verify(delivery, version);
    const state = await api.state(name);
    if (state?.owner !== owner || state.beganWithMetadata || state.stamp !== undefined) {
      return settleRefusedWrite(delivery, state);
    }
    // A version without a claim before it is foreign. Its writer gets the secret back.
    await api.mark(name, unclaim(stamp), state.metadataCas);
    throw foreign(name);
  };

  /** Writes over the version that was found. */
  const replace = async (delivery: Prepared, state: SecretState): Promise<Delivered> => {
    const { name, form } = delivery;
    const announced = await announceNext(delivery, state);
    const version = await write(delivery, () => api.write(name, form, state.current));
    if (version === undefined) return settleRefusedWrite(delivery, await api.state(name));
    return verify(delivery, version, announced);
  };

  /** Announces the stamp for the version after the one that was found. Returns the state with the announcement. */
  const announceNext = async (delivery: Prepared, state: SecretState): Promise<SecretState> => {
    const { name, stamp } = delivery;
    const { current, metadataCas } = state;
    const marks = announce(stamp, current + 1, state);
    if (await write(delivery, () => api.mark(name, marks, metadataCas))) {
      return { ...state, metadataCas: metadataCas === undefined ? undefined : metadataCas + 1 };
    }
    // An earlier attempt, whose answer was lost, may have announced it.
    const found = await api.state(name);
    if (found?.owner === owner && found.current === current && isAnnounced(found, stamp, current + 1)) return found;
    throw overtaken(name);
  };

  /** An earlier attempt of this delivery, whose answer was lost, may have written the version that is current now. */
  const settleRefusedWrite = async (delivery: Prepared, state: SecretState | undefined): Promise<Delivered> => {
    const isOpen = state !== undefined && state.owner === owner && state.stamp === undefined && state.current > 0;
    if (isOpen && (await holds(delivery, state))) return settle(delivery, state.current, state);
    throw overtaken(delivery.name);
  };

  const verify = async (delivery: Prepared, version: number, state?: SecretState): Promise<Delivered> => {
    const { name, stamp, form } = delivery;
    const read = await api.read(name, version);
    if (read?.version !== version || !read.form?.equals(form)) {
      // Without this call, an inspection shows the stamp until the next delivery.
      await api.mark(name, withdraw(stamp), undefined).catch(() => {});
      throw notReadBack(name, version);
    }
    return settle(delivery, version, state);
  };

  /** Confirms the stamp of a version that holds the value. */
  const settle = async (delivery: Prepared, version: number, state?: SecretState): Promise<Delivered> => {
    const { name, stamp } = delivery;
    const tryConfirm = async (known?: SecretState): Promise<boolean> => {
      // A retirement during the first delivery can have removed the claim.
      const marks = { ...confirm(stamp, version, known), ...(version === 1 && ownedBy(owner)) };
      await pace?.take(WRITES);
      // Not asked again whether to deliver: the value is written, and without the marks no step could retire it.
      return api.mark(name, marks, known?.metadataCas);
    };
    if (await tryConfirm(state)) return DONE;
    // The metadata changed since, or the server requires its version, which a new secret did not show yet.
    const found = await api.state(name);
    const isOurs = found?.owner === owner || (found?.owner === undefined && version === 1);
    if (found !== undefined && isOurs && found.current === version) {
      if (found.stamp === stamp || (found.stamp === undefined && (await tryConfirm(found)))) return DONE;
    }
    throw overtaken(name);
  };

  const holds = async ({ name, form }: Prepared, { current }: SecretState): Promise<boolean> =>
    (await api.read(name, current))?.form?.equals(form) ?? false;

  const foreign = (name: string): RelayError => foreignSecret({ name, for: undefined, command: adoption(name) });

  return deliver;
};

/** True if another delivery may have written the current version, and be about to confirm it. */
const isInProgress = ({ announced, isRecent }: SecretState): boolean => announced.length > 0 && isRecent;

/** Brings the value into the form of KV. */
const prepare = (delivery: Delivery): Prepared => {
  const { name, value } = delivery;
  const form = formOf(value);
  if (!form.fits) throw unfit(name, form.misfit);
  if (Buffer.byteLength(value.reveal()) > kvRules.valueBytes) throw tooLarge(name, kvRules.valueBytes);
  return { ...delivery, form: form.json };
};
