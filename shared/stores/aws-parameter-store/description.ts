import type { Stamp } from '#shared/domain/stamp.ts';
import { shorten } from '#shared/domain/text.ts';

/** Source: Systems Manager API reference, PutParameter, `Description`. */
const MAX_DESCRIPTION = 1024;

/** Text for people, and the mark of a delivery: its stamp, and the version of the parameter that it wrote. */
const MARKED = /^(?:.* )?\[pam-relay ([0-9a-f]{64}) version ([1-9]\d{0,14})\]$/s;

/**
 * Writes the description of one version of a parameter: a text for people and the stamp of the delivery. It names the
 * version, because a writer that leaves the description out must not inherit the stamp. Contains no credential. Pure.
 *
 * @param version Number that the version will get.
 */
export const markDescription = (text: string, stamp: Stamp, version: number): string => {
  const mark = `[pam-relay ${stamp} version ${version}]`;
  return text === '' ? mark : `${shorten(text, MAX_DESCRIPTION - mark.length - 1)} ${mark}`;
};

/** Writes the description of a version that counts as no delivery, whatever the text contains. Pure. */
export const unmarkedDescription = (text: string): string => shorten(`${text} [pam-relay unverified]`, MAX_DESCRIPTION);

/** Stamp of the delivery that wrote this version; undefined if another writer did. Pure. */
export const readStamp = (description: string | undefined, version: number): Stamp | undefined => {
  const [, stamp, marked] = MARKED.exec(description ?? '') ?? [];
  return Number(marked) === version ? stamp : undefined;
};
