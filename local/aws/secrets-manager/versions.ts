import { exists, limitExceeded } from './errors.ts';
import type { ContentInput } from './requests.ts';

export const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

const DAY_MS = 86_400_000;
const LABELS_PER_VERSION = 20;
const VERSIONS_KEPT = 100;

export interface Version {
  readonly id: string;
  readonly content: Readonly<ContentInput>;
  readonly labels: Set<string>;
  readonly createdAt: number;
  accessedAt?: number;
}

/** The versions of a secret. */
export interface Versioned {
  readonly arn: string;
  readonly versions: Map<string, Version>;
  /** The version of each label. */
  readonly holders: Map<string, Version>;
  /** Version ids to which AWSCURRENT has moved, oldest first. */
  readonly promotions: string[];
}

/** Adds a version, or returns the existing one with the same id and content: the idempotency of ClientRequestToken. */
export const addVersion = (
  secret: Versioned,
  id: string,
  content: ContentInput,
  labels: readonly string[],
  at: number,
): Version => {
  const existing = secret.versions.get(id);
  if (existing !== undefined) {
    if (holds(existing, content)) return existing;
    throw exists(
      `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  const wanted = new Set(secret.versions.size === 0 ? [CURRENT, ...labels] : labels);
  checkLabelCount(wanted.size);
  const version: Version = { id, content, labels: new Set(), createdAt: at };
  secret.versions.set(id, version);
  for (const label of wanted) moveLabel(secret, label, version);
  dropDeprecated(secret, at);
  return version;
};

export const holds = (version: Version, content: ContentInput): boolean =>
  version.content.SecretString === content.SecretString && version.content.SecretBinary === content.SecretBinary;

/** A label is on one version at a time. AWSPREVIOUS moves to the version that AWSCURRENT leaves. */
export const moveLabel = (secret: Versioned, label: string, to: Version | undefined): void => {
  const from = secret.holders.get(label);
  if (from === to) return;
  if (to !== undefined) checkLabelCount(to.labels.size + 1);
  from?.labels.delete(label);
  to?.labels.add(label);
  if (to === undefined) secret.holders.delete(label);
  else secret.holders.set(label, to);
  if (label !== CURRENT || to === undefined) return;
  secret.promotions.push(to.id);
  if (from !== undefined) moveLabel(secret, PREVIOUS, from);
};

const checkLabelCount = (count: number): void => {
  if (count <= LABELS_PER_VERSION) return;
  throw limitExceeded(`A version can have at most ${LABELS_PER_VERSION} staging labels.`);
};

export const labelsByVersion = (secret: Versioned): Record<string, string[]> =>
  Object.fromEntries([...new Set(secret.holders.values())].map((version) => [version.id, [...version.labels]]));

/**
 * A version without labels is deprecated. AWS deletes deprecated versions beyond a hundred that are older than a day.
 */
const dropDeprecated = (secret: Versioned, at: number): void => {
  for (const version of secret.versions.values()) {
    if (secret.versions.size <= VERSIONS_KEPT || version.createdAt > at - DAY_MS) return;
    if (version.labels.size === 0) secret.versions.delete(version.id);
  }
};
