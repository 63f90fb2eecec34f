import { createHash } from 'node:crypto';
import { credentialIdentity, type Deliverable } from '#shared/domain/deliverable.ts';

/**
 * Which change of a credential we hold, known from the vault's list without reading the credential: a SHA-256 in hex
 * over whose credential it is, the date of its last change, and what is written around the credential.
 * Another template or another system name is another generation, because what the store should hold has changed.
 */
export type Generation = string;

const sha256 = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

export const generationOf = (connection: string, subject: Deliverable, rendering: string): Generation =>
  sha256(connection, ...credentialIdentity(subject), subject.changedAt ?? null, rendering);

/** A value that differs although the vault's date stands still is delivered as a further revision of one generation. */
const MAXIMUM_REVISIONS = 16;

/**
 * The store's version id for a generation: 64 characters, which AWS Secrets Manager takes as `ClientRequestToken`
 * (32 to 64 characters), so that delivering the same generation twice makes one version.
 */
export const versionIdOf = (generation: Generation, revision = 0): string =>
  revision === 0 ? generation : sha256(generation, revision);

/** Which revision of the generation a version id stands for; undefined when it is of another generation. */
export const revisionOf = (generation: Generation, versionId: string | undefined): number | undefined => {
  for (let revision = 0; versionId !== undefined && revision < MAXIMUM_REVISIONS; revision += 1) {
    if (versionIdOf(generation, revision) === versionId) return revision;
  }
  return undefined;
};
