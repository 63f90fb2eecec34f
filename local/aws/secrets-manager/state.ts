import { randomInt } from 'node:crypto';
import { invalidParameter, limitExceeded, markedForDeletion, notFound } from './errors.ts';
import type { TagInput } from './requests.ts';
import { labelsByVersion, type Versioned } from './versions.ts';

const SUFFIX_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const TAGS_PER_SECRET = 50;

/** A row of ListSecrets. Its dates are in seconds, as in the protocol. */
export interface ListEntry {
  readonly ARN: string;
  readonly Name: string;
  readonly Description?: string;
  readonly KmsKeyId?: string;
  readonly Tags: readonly TagInput[];
  readonly SecretVersionsToStages: Readonly<Record<string, readonly string[]>>;
  readonly CreatedDate: number;
  readonly LastChangedDate: number;
  readonly DeletedDate?: number;
  /** Present for a replica, and for a secret with replicas. */
  readonly PrimaryRegion?: string;
}

/** The list entry of a secret from a point in time. Undefined after its deletion. */
interface View {
  readonly from: number;
  readonly entry: ListEntry | undefined;
}

export interface StoredSecret extends Versioned {
  /** Number of the creation, which is the order and the page position of ListSecrets. */
  readonly sequence: number;
  readonly name: string;
  readonly createdAt: number;
  description: string | undefined;
  kmsKeyId: string | undefined;
  changedAt: number;
  tags: ReadonlyMap<string, string>;
  deletion: { readonly askedAt: number; readonly endsAt: number } | undefined;
  views: readonly View[];
  /** Of a primary secret: its replicas, by region. */
  readonly replicas: Map<string, Replica>;
  /** Of a replica: the region of its primary secret. */
  readonly primaryRegion: string | undefined;
  /** Of a replica: the time from which it can be read. */
  readonly readableFrom?: number;
}

/** Replication of a secret to one region. */
export interface Replica {
  readonly region: string;
  readonly kmsKeyId: string | undefined;
  readonly startedAt: number;
  /** The replica itself; undefined if the replication failed because its name is taken. */
  readonly secret: StoredSecret | undefined;
}

export interface StateOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly region: string;
  readonly accountId: string;
  /** Delay of ListSecrets behind all other actions. */
  readonly listLagMs: number;
  /** Duration of a replication to another region. */
  readonly replicationMs: number;
}

/** The secrets of one account and region. Every method is atomic. */
export class State {
  readonly options: StateOptions;
  /** The secrets of the same account in another region. */
  readonly inRegion: (region: string) => State;
  readonly #byName = new Map<string, StoredSecret>();
  readonly #byArn = new Map<string, StoredSecret>();
  /** Ordered by sequence. */
  #listed: StoredSecret[] = [];
  #created = 0;

  constructor(options: StateOptions, inRegion: (region: string) => State) {
    this.options = options;
    this.inRegion = inRegion;
  }

  newArn(name: string): string {
    const suffix = Array.from({ length: 6 }, () => SUFFIX_LETTERS.charAt(randomInt(SUFFIX_LETTERS.length))).join('');
    return `${this.#arnPrefix}${name}-${suffix}`;
  }

  add(name: string): StoredSecret {
    const at = this.options.now();
    const secret: StoredSecret = {
      sequence: ++this.#created,
      name,
      arn: this.newArn(name),
      createdAt: at,
      description: undefined,
      kmsKeyId: undefined,
      changedAt: at,
      tags: new Map(),
      versions: new Map(),
      holders: new Map(),
      promotions: [],
      deletion: undefined,
      views: [],
      replicas: new Map(),
      primaryRegion: undefined,
    };
    this.#keep(secret);
    return secret;
  }

  /** Adds a replica of a secret in another region, which follows every change of it. */
  addReplica(primary: StoredSecret, kmsKeyId: string | undefined, readableFrom: number): StoredSecret {
    const region = primary.arn.split(':')[3] ?? '';
    const replica: StoredSecret = {
      sequence: ++this.#created,
      name: primary.name,
      arn: primary.arn.replace(`:${region}:`, `:${this.options.region}:`),
      createdAt: this.options.now(),
      kmsKeyId,
      changedAt: this.options.now(),
      versions: primary.versions,
      holders: primary.holders,
      promotions: primary.promotions,
      views: [],
      replicas: new Map(),
      primaryRegion: region,
      readableFrom,
      get description() {
        return primary.description;
      },
      get tags() {
        return primary.tags;
      },
      get deletion() {
        return primary.deletion;
      },
    };
    this.#keep(replica);
    return replica;
  }

  #keep(secret: StoredSecret): void {
    this.#byName.set(secret.name, secret);
    this.#byArn.set(secret.arn, secret);
    this.#listed.push(secret);
  }

  /**
   * Finds a secret by name, complete ARN or partial ARN. An id in the form of a complete ARN is never treated as a
   * partial one.
   */
  lookUp(secretId: string): StoredSecret | undefined {
    const found = this.#byName.get(secretId) ?? this.#byArn.get(secretId) ?? this.#lookUpPartialArn(secretId);
    if ((found?.readableFrom ?? 0) > this.options.now()) return undefined;
    if (found?.deletion === undefined || found.deletion.endsAt > this.options.now()) return found;
    this.remove(found);
    return undefined;
  }

  find(secretId: string): StoredSecret {
    const secret = this.lookUp(secretId);
    if (secret === undefined) throw notFound("Secrets Manager can't find the specified secret.");
    return secret;
  }

  findUsable(secretId: string): StoredSecret {
    const secret = this.find(secretId);
    if (secret.deletion !== undefined) throw markedForDeletion();
    return secret;
  }

  /** Finds a secret that can be deleted or restored. @throws for a replica, which follows its primary secret. */
  findWritable(secretId: string): StoredSecret {
    const secret = this.find(secretId);
    if (secret.primaryRegion !== undefined) throw invalidParameter("Call must be made in primary secret's region.");
    return secret;
  }

  /** Finds a secret whose content can be changed. */
  findChangeable(secretId: string): StoredSecret {
    this.findWritable(secretId);
    return this.findUsable(secretId);
  }

  remove(secret: StoredSecret): void {
    this.#byName.delete(secret.name);
    this.#byArn.delete(secret.arn);
    if (this.options.listLagMs > 0) this.#show(secret, undefined);
    else this.#listed = this.#listed.filter((other) => other !== secret);
  }

  /** Must be called after every change. Updates the date, and updates the list after its delay. */
  changed(secret: StoredSecret): void {
    secret.changedAt = this.options.now();
    this.#show(secret, toListEntry(secret, this.options.region));
    for (const { region, secret: replica } of secret.replicas.values()) {
      if (replica !== undefined) this.inRegion(region).changed(replica);
    }
  }

  secrets(): Iterable<StoredSecret> {
    return this.#byName.values();
  }

  /** The visible list entries in order of creation, after a sequence number. */
  *listedAfter(sequence: number | undefined, order: 'asc' | 'desc'): Iterable<{ sequence: number; entry: ListEntry }> {
    const step = order === 'asc' ? 1 : -1;
    for (let index = this.#indexAfter(sequence, order); ; index += step) {
      const secret = this.#listed[index];
      if (secret === undefined) return;
      const entry = this.#visible(secret);
      if (entry !== undefined) yield { sequence: secret.sequence, entry };
    }
  }

  get #arnPrefix(): string {
    return `arn:aws:secretsmanager:${this.options.region}:${this.options.accountId}:secret:`;
  }

  #lookUpPartialArn(secretId: string): StoredSecret | undefined {
    if (!secretId.startsWith(this.#arnPrefix) || /-[A-Za-z0-9]{6}$/.test(secretId)) return undefined;
    return this.#byName.get(secretId.slice(this.#arnPrefix.length));
  }

  #show(secret: StoredSecret, entry: ListEntry | undefined): void {
    const from = this.options.now();
    const seen = secret.views.findLastIndex((view) => view.from <= from - this.options.listLagMs);
    const kept = this.options.listLagMs > 0 ? secret.views.slice(Math.max(seen, 0)) : [];
    secret.views = [...kept, { from, entry }];
  }

  #visible(secret: StoredSecret): ListEntry | undefined {
    const now = this.options.now();
    if ((secret.readableFrom ?? 0) > now - this.options.listLagMs) return undefined;
    if (secret.deletion !== undefined && secret.deletion.endsAt <= now - this.options.listLagMs) return undefined;
    return secret.views.findLast((view) => view.from <= now - this.options.listLagMs)?.entry;
  }

  #indexAfter(sequence: number | undefined, order: 'asc' | 'desc'): number {
    if (sequence === undefined) return order === 'asc' ? 0 : this.#listed.length - 1;
    let [low, high] = [0, this.#listed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const isBefore = (this.#listed[middle]?.sequence ?? 0) < (order === 'asc' ? sequence + 1 : sequence);
      if (isBefore) low = middle + 1;
      else high = middle;
    }
    return order === 'asc' ? low : low - 1;
  }
}

/** Adds tags atomically and returns all tags of the secret. */
export const withTags = (current: ReadonlyMap<string, string>, tags: readonly TagInput[]): Map<string, string> => {
  const added = new Map(tags.map((tag) => [tag.Key, tag.Value]));
  if (added.size < tags.length) throw invalidParameter('Duplicate tag keys found.');
  if (tags.some((tag) => tag.Key.startsWith('aws:'))) throw invalidParameter('Tag keys can not begin with aws:.');
  const all = new Map([...current, ...added]);
  if (all.size > TAGS_PER_SECRET) throw limitExceeded(`A secret can have at most ${TAGS_PER_SECRET} tags.`);
  return all;
};

/** Converts milliseconds to the protocol's seconds. */
export const toSeconds = (ms: number): number => ms / 1000;

const toListEntry = (secret: StoredSecret, region: string): ListEntry => ({
  ARN: secret.arn,
  Name: secret.name,
  ...(secret.description !== undefined && { Description: secret.description }),
  ...(secret.kmsKeyId !== undefined && { KmsKeyId: secret.kmsKeyId }),
  Tags: [...secret.tags].map(([Key, Value]) => ({ Key, Value })),
  SecretVersionsToStages: labelsByVersion(secret),
  CreatedDate: toSeconds(secret.createdAt),
  LastChangedDate: toSeconds(secret.changedAt),
  ...(secret.deletion !== undefined && { DeletedDate: toSeconds(secret.deletion.askedAt) }),
  ...primaryRegionOf(secret, region),
});

export const primaryRegionOf = (secret: StoredSecret, region: string): { readonly PrimaryRegion?: string } =>
  secret.primaryRegion === undefined && secret.replicas.size === 0
    ? {}
    : { PrimaryRegion: secret.primaryRegion ?? region };
