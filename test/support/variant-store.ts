import { createHash } from 'node:crypto';
import { decodeQuoted, encodeQuoted } from '#shared/domain/naming.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret, type SecretContent } from '#shared/secret.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { Delivery, Presence, SecretStore, StoredSecret, StoreRules } from '#shared/stores/store.ts';
import { CONFLICT, type VariantRemote, type VariantRow, type VariantWrite } from '#test/support/variant-remote.ts';

/** Promises of a variant, and the way in which it keeps them. */
export interface Variant extends Pick<StoreRules, 'fence' | 'recovery' | 'binary' | 'readable'> {
  /** True if the stamp needs a call of its own after the value, as in Vault. Its store has to be readable. */
  readonly marksLater: boolean;
}

/** Mistakes that a store can make. */
export type Defect =
  | 'the stamp is written before the value'
  | 'the value is not read back'
  | 'a value that was not kept has a stamp'
  | 'the fence is not used'
  | 'a lost race is not noticed'
  | 'a prefix of the owner is enough'
  | 'any owner is enough'
  | 'a retirement leaves the earlier versions'
  | 'a retirement without recovery is recoverable'
  | 'a list skips a page'
  | 'a list ends at an error'
  | 'an error counts as absent'
  | 'an error is final'
  | 'the same value is written again'
  | 'the description holds the value'
  | 'the description holds a hash of the value'
  | 'an error holds the value'
  | 'large values are cut'
  | 'bytes are decoded'
  | 'bytes become text'
  | 'a delivery that was called off goes on'
  | 'names are folded'
  | 'an empty value is kept';

const MAX_VALUE_BYTES = 1000;
const encodePart = encodeQuoted(/[^A-Za-z0-9-]/gu);
const lowered = (text: string): string => encodePart(text).toLowerCase();

export const variantRules = ({ fence, recovery, binary, readable }: Variant, defect?: Defect): StoreRules => ({
  name: {
    store: 'The variant',
    maxLength: 100,
    allowed: { words: 'letters, digits and =/-', test: (character) => /[A-Za-z0-9=/-]/.test(character) },
    encodePart: defect === 'names are folded' ? lowered : encodePart,
    reading: { decodePart: decodeQuoted(encodePart) },
  },
  valueBytes: MAX_VALUE_BYTES,
  binary,
  readable,
  fence,
  recovery,
});

export interface VariantStoreOptions {
  readonly remote: VariantRemote;
  readonly variant: Variant;
  readonly owner: string;
  /** Makes each call to the remote. */
  readonly around?: <Answer>(send: () => Promise<Answer>) => Promise<Answer>;
  /** Changes each value on its way to the remote. */
  readonly garbles?: boolean;
  readonly defect?: Defect | undefined;
}

/** A store in memory that promises what its variant says, and breaks one promise if it is given a defect. */
export const createVariantStore = (options: VariantStoreOptions): SecretStore => {
  const { remote, variant, owner, around = (send) => send(), garbles = false, defect } = options;
  const has = (other: Defect): boolean => defect === other;

  const call = async <Answer>(what: string, send: (to: VariantRemote) => Answer): Promise<Answer> => {
    try {
      return await around(async () => send(remote));
    } catch (thrown) {
      if (thrown instanceof RelayError) throw thrown;
      const name = has('an error is final') ? 'StoreRejected' : 'StoreUnavailable';
      throw new RelayError(name, `${what} was not answered.`, { cause: thrown, mayHaveHappened: true });
    }
  };

  const isOurs = (row: VariantRow): boolean => {
    if (has('any owner is enough')) return row.owner !== undefined;
    return has('a prefix of the owner is enough') ? owner.startsWith(row.owner ?? '-') : row.owner === owner;
  };
  const stampOf = ({ mark, version }: VariantRow): string | undefined =>
    mark !== undefined && (mark.version === version || has('the stamp is written before the value'))
      ? mark.stamp
      : undefined;
  const presenceOf = (row: VariantRow | undefined): Presence => {
    if (row === undefined) return { kind: 'absent' };
    if (!isOurs(row)) return { kind: 'foreign', ...(row.isRetired && { retired: true }) };
    return { kind: 'owned', stamp: stampOf(row), retired: row.isRetired };
  };
  const describe = async (name: string): Promise<VariantRow | undefined> => {
    try {
      return await call(`Describing ${name}`, (to) => to.describe(name));
    } catch (error) {
      if (has('an error counts as absent')) return undefined;
      throw error;
    }
  };

  const list = async function* (): AsyncIterable<readonly StoredSecret[]> {
    let from: number | undefined = 0;
    while (from !== undefined) {
      const at: number = from;
      let page: ReturnType<VariantRemote['page']>;
      try {
        page = await call('A page of the list', (to) => to.page(at));
      } catch (error) {
        if (has('a list ends at an error')) return;
        throw error;
      }
      const ours = page.rows.filter((row) => isOurs(row) && !row.isRetired);
      if (!has('a list skips a page') || at === 0) yield ours.map((row) => ({ name: row.name, stamp: stampOf(row) }));
      from = page.next;
    }
  };

  const holds = async (name: string, value: Secret<SecretContent>): Promise<boolean | 'unknown'> => {
    if (!variant.readable) return 'unknown';
    const held = await call(`Reading ${name}`, (to) => to.read(name));
    return held !== undefined && new Secret(held).equals(value);
  };

  const adoption = (name: string): string => `adopt ${name} --owner ${owner}`;

  /** A target that was changed since its delivery was planned is not overwritten. */
  const checkExpected = ({ name, expected }: Delivery, found: Presence): void => {
    if (variant.fence === 'none' || has('the fence is not used')) return;
    const now = found.kind === 'owned' && !found.retired ? (found.stamp ?? 'unstamped') : 'absent';
    if (now !== (typeof expected === 'string' ? expected : expected.stamp)) throw overtaken(name);
  };

  /** A current version without a stamp can be the value of an earlier attempt, which ended before its mark. */
  const isUnmarked = async ({ name, value }: Delivery, found: Presence): Promise<boolean> =>
    variant.marksLater && found.kind === 'owned' && found.stamp === undefined && (await holds(name, value)) === true;

  const deliver: SecretStore['deliver'] = async (delivery) => {
    const { name, stamp } = delivery;
    const value = checked(delivery, variant, defect);
    const row = await describe(name);
    const found = presenceOf(row);
    if (found.kind === 'foreign') throw foreignSecret({ name, for: undefined, command: adoption(name) });
    const verified = variant.readable ? 'read-back' : 'accepted';
    const isHeld = found.kind === 'owned' && !found.retired && found.stamp === stamp;
    if (isHeld && !has('the same value is written again')) return { changed: false, verified };
    if (row !== undefined && (await isUnmarked(delivery, found))) {
      await call(`Marking ${name}`, (to) => to.mark(name, { stamp, version: row.version }));
      return { changed: true, verified };
    }
    if (!isHeld) checkExpected(delivery, found);

    const calledOff = await Promise.allSettled([delivery.beforeWrite?.()]);
    if (calledOff[0].status === 'rejected' && !has('a delivery that was called off goes on')) throw calledOff[0].reason;
    const before = row?.version ?? 0;
    if (has('the stamp is written before the value') && row !== undefined) {
      await call(`Marking ${name}`, (to) => to.mark(name, { stamp, version: before + 1 }));
    }
    const version = await write(delivery, {
      name,
      owner,
      value: garbles ? 'garbled' : value,
      description: describing(delivery, value, defect),
      ...(!variant.marksLater && { stamp }),
      ...(variant.fence === 'before' && !has('the fence is not used') && { over: before }),
    });
    if (variant.fence === 'after' && version !== before + 1 && !has('a lost race is not noticed')) {
      throw overtaken(name);
    }
    if (variant.readable && !has('the value is not read back')) await readBack(delivery, version);
    if (variant.marksLater) await call(`Marking ${name}`, (to) => to.mark(name, { stamp, version }));
    return { changed: true, verified };
  };

  const write = async ({ name }: Delivery, content: VariantWrite): Promise<number> => {
    const version = await call(`Writing ${name}`, (to) => to.write(content));
    if (version === CONFLICT) throw overtaken(name);
    return version;
  };

  const readBack = async ({ name, value, stamp }: Delivery, version: number): Promise<void> => {
    const held = await call(`Reading ${name}`, (to) => to.read(name, version));
    if (held === undefined) throw overtaken(name);
    if (!new Secret(held).equals(value)) {
      const withdrawn = { stamp, version: 0 };
      if (!has('a value that was not kept has a stamp'))
        await call(`Marking ${name}`, (to) => to.mark(name, withdrawn));
      throw new RelayError('DeliveryUnverified', `${name} does not read back as it was written.`);
    }
  };

  const retire: SecretStore['retire'] = async (name, recovery) => {
    const found = presenceOf(await describe(name));
    if (found.kind !== 'owned') return false;
    const isKept = variant.recovery !== 'none' && recovery !== 'none';
    if (isKept || (variant.recovery !== 'none' && has('a retirement without recovery is recoverable'))) {
      await call(`Retiring ${name}`, (to) => to.retire(name));
    } else {
      const left = has('a retirement leaves the earlier versions') ? 'earlier versions' : 'nothing';
      await call(`Removing ${name}`, (to) => to.remove(name, left));
    }
    return true;
  };

  return {
    list,
    inspect: async (name) => presenceOf(await describe(name)),
    holds,
    deliver,
    retire,
    adoption,
  };
};

const overtaken = (name: string): RelayError =>
  new RelayError('DeliverySuperseded', `${name} has changed since its delivery was planned.`);

const describing = ({ description }: Delivery, value: SecretContent, defect: Defect | undefined): string => {
  if (defect === 'the description holds the value') return `${description}: ${value}`;
  const hash = createHash('sha256').update(value).digest('hex');
  return defect === 'the description holds a hash of the value' ? `${description}: ${hash}` : description;
};

/** Content to write. Raises `ValueNotText` and `ValueTooLarge`. */
const checked = ({ name, value }: Delivery, { binary }: Variant, defect: Defect | undefined): SecretContent => {
  const content = value.reveal();
  const isBytes = typeof content !== 'string';
  if (content === '' && defect === 'an empty value is kept') return content;
  if (content.length === 0 || (isBytes ? !binary && defect !== 'bytes become text' : !content.isWellFormed())) {
    const detail = defect === 'an error holds the value' ? ` It is ${content}.` : '';
    throw new RelayError('ValueNotText', `${name}: the value is empty or not text.${detail}`);
  }
  if (Buffer.byteLength(content) > MAX_VALUE_BYTES) {
    if (defect === 'large values are cut') return content.slice(0, MAX_VALUE_BYTES);
    throw new RelayError('ValueTooLarge', `${name}: the value is too large.`);
  }
  return isBytes && (!binary || defect === 'bytes are decoded') ? Buffer.from(content).toString('latin1') : content;
};
