import * as z from 'zod';
import type { Stamp } from '#shared/domain/stamp.ts';
import { shorten } from '#shared/domain/text.ts';
import { OWNER_TAG, RELAY_TAGS } from '#shared/names.ts';

/**
 * Marks of the relay in the custom metadata of a secret. They belong to the secret and not to a version, so each stamp
 * names the version that it belongs to, and counts only while that version is the current one.
 *
 * A delivery announces its stamp for the version that it is about to write, and confirms it after reading that version
 * back. So a crash never leaves a stamp beside an older value. An announced stamp shows other deliveries who wrote an
 * unconfirmed version; it has a key of its own, because two deliveries can announce at the same time.
 */
const STAMP = `${RELAY_TAGS}stamp`;
const VERSION = `${RELAY_TAGS}version`;
const DESCRIPTION = `${RELAY_TAGS}description`;
const ANNOUNCED = `${RELAY_TAGS}next:`;

/** Source: KV version 2 API of OpenBao and Vault, `custom_metadata`. */
const MAX_MARK_BYTES = 512;

/** A delivery confirms its version within this time, or it never will. */
const IN_PROGRESS_MS = 60_000;

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)));

const versionSchema = z.object({ created_time: time, deletion_time: z.literal('').or(time), destroyed: z.boolean() });

/** Metadata of one secret as the server shows it. */
export const metadataSchema = z.object({
  created_time: time,
  current_version: z.int().min(0),
  custom_metadata: z.record(z.string(), z.string()).nullish(),
  versions: z.record(z.string().regex(/^[1-9]\d*$/), versionSchema),
  /** Only in OpenBao. */
  current_metadata_version: z.int().optional(),
});
export type Metadata = z.output<typeof metadataSchema>;

/** Changes of marks; null removes one. */
export type Marks = Readonly<Record<string, string | null>>;

/** State of an existing secret. */
export interface SecretState {
  readonly owner: string | undefined;
  /** Number of the current version; 0 if nothing was written yet. A write over it has to name it. */
  readonly current: number;
  /** Stamp of the current version, if its delivery was completed. */
  readonly stamp: Stamp | undefined;
  /** Stamps that were announced for the current version, which has no confirmed one. */
  readonly announced: readonly Stamp[];
  /** Keys of announced stamps, with their versions. */
  readonly announcements: Readonly<Record<string, number>>;
  /** The delivery of the current version can still be in progress. */
  readonly isRecent: boolean;
  /** Numbers of the versions that can be read. */
  readonly readable: readonly number[];
  /** The metadata is older than the first version, as after a claim. True if the times do not tell. */
  readonly beganWithMetadata: boolean;
  /** Version of the metadata that a change can name; undefined in Vault, which counts none. */
  readonly metadataCas: number | undefined;
}

/** The clock of an answer shows whole seconds. */
const CLOCK_STEP_MS = 1000;

/**
 * Reads the state from metadata. A mount can give versions a deletion time in the future. Pure.
 *
 * @param nowMs Clock of the server, epoch milliseconds.
 */
export const stateOf = (metadata: Metadata, nowMs: number): SecretState => {
  const { current_version: current, versions } = metadata;
  const marks = metadata.custom_metadata ?? {};
  const announcements = Object.fromEntries(
    Object.entries(marks).flatMap(([key, version]) => (key.startsWith(ANNOUNCED) ? [[key, Number(version)]] : [])),
  );
  const stamp = current > 0 && marks[VERSION] === String(current) ? marks[STAMP] : undefined;
  const isOpen = current > 0 && stamp === undefined;
  const createdAt = versions[String(current)]?.created_time;
  return {
    owner: Object.hasOwn(marks, OWNER_TAG) ? marks[OWNER_TAG] : undefined,
    current,
    stamp,
    announced: isOpen
      ? Object.keys(announcements).flatMap((key) => (announcements[key] === current ? key.slice(ANNOUNCED.length) : []))
      : [],
    announcements,
    isRecent: createdAt !== undefined && Math.abs(nowMs - Date.parse(createdAt)) < IN_PROGRESS_MS,
    readable: Object.entries(versions)
      .filter(([, version]) => !isDeleted(version, nowMs))
      .map(([number]) => Number(number)),
    beganWithMetadata: versions['1']?.created_time !== metadata.created_time || !isPrecise(metadata.created_time),
    metadataCas: metadata.current_metadata_version,
  };
};

/** True for a time with more digits than milliseconds, which two events do not share by chance. */
const isPrecise = (at: string): boolean => /\.\d{4,}/.test(at);

const isDeleted = ({ deletion_time: at, destroyed }: z.output<typeof versionSchema>, nowMs: number): boolean =>
  destroyed || (at !== '' && Date.parse(at) < nowMs + CLOCK_STEP_MS);

/** True if the current version was deleted. */
export const isRetired = ({ current, readable }: SecretState): boolean => current > 0 && !readable.includes(current);

/** Stamp of the current version, confirmed or announced by exactly one delivery. */
export const likelyStamp = ({ stamp, announced }: SecretState): Stamp | undefined =>
  stamp ?? (announced.length === 1 ? announced[0] : undefined);

/** Announces the delivery of a version, and removes announcements of versions that exist. */
export const announce = (stamp: Stamp, version: number, state?: Pick<SecretState, 'announcements'>): Marks => ({
  ...withoutOld(version - 1, state),
  [ANNOUNCED + stamp]: String(version),
});

/** True if a stamp is announced for a version. */
export const isAnnounced = ({ announcements }: SecretState, stamp: Stamp, version: number): boolean =>
  announcements[ANNOUNCED + stamp] === version;

/** Withdraws the announcement of a version that does not hold the value. */
export const withdraw = (stamp: Stamp): Marks => ({ [ANNOUNCED + stamp]: null });

/** Confirms a version that was read back. */
export const confirm = (stamp: Stamp, version: number, state?: Pick<SecretState, 'announcements'>): Marks => ({
  ...withoutOld(version, state),
  ...withdraw(stamp),
  [STAMP]: stamp,
  [VERSION]: String(version),
});

const withoutOld = (version: number, state: Pick<SecretState, 'announcements'> = { announcements: {} }): Marks =>
  Object.fromEntries(
    Object.entries(state.announcements).flatMap(([key, announced]) => (announced > version ? [] : [[key, null]])),
  );

/** Makes a secret that of an owner. */
export const ownedBy = (owner: string): Marks => ({ [OWNER_TAG]: owner });

/** Marks of a new secret, before its first version. */
export const claim = (owner: string, description: string, stamp: Stamp): Marks => ({
  ...ownedBy(owner),
  [DESCRIPTION]: limitBytes(description),
  ...announce(stamp, 1),
});

/** Takes a claim back. */
export const unclaim = (stamp: Stamp): Marks => ({
  [OWNER_TAG]: null,
  [DESCRIPTION]: null,
  ...withdraw(stamp),
});

/** The limit counts bytes. */
const limitBytes = (text: string): string => {
  let limited = text;
  while (Buffer.byteLength(limited) > MAX_MARK_BYTES) {
    const excess = Buffer.byteLength(limited) - MAX_MARK_BYTES;
    limited = shorten(limited, limited.length - Math.ceil(excess / 4));
  }
  return limited;
};
