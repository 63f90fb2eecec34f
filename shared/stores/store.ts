import type * as z from 'zod';
import type { WebIdentityTokens } from '#shared/aws/web-identity-token.ts';
import type { EntryShape } from '#shared/config/schema/fields.ts';
import type { NameRules } from '#shared/domain/naming.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import type { Http, HttpOptions } from '#shared/http/http.ts';
import type { StorePace } from '#shared/limits/store-pace.ts';
import type { Secret, SecretContent } from '#shared/secret.ts';
import type { DeliveredBy, Permission } from '#shared/workflows/grants.ts';

/**
 * The port for secret stores. Store types implement it in `stores/<type>/`, and workflows use them only through it.
 * All errors are RelayErrors.
 */

/** A secret that the relay owns, as listed by its store. */
export interface StoredSecret {
  readonly name: string;
  /** Stamp of the last delivery; undefined if the secret has none. */
  readonly stamp: Stamp | undefined;
  /** The store lacks something that belongs to the secret beside its value, such as a replica: see `complete`. */
  readonly incomplete?: true;
  /** Something beside the value that an operator has to correct, as a sentence for the report. */
  readonly warning?: string;
}

/**
 * State of one name in a store. An unknown state is an error and is thrown, never reported as `absent`. A `retired`
 * secret is owned by the relay and scheduled for deletion; a delivery restores it.
 */
export type Presence = { readonly kind: 'absent' } | ForeignPresence | OwnedPresence;

interface ForeignPresence {
  readonly kind: 'foreign';
  /** The secret is scheduled for deletion. */
  readonly retired?: true;
  /** Region of the secret of which this one is a replica. */
  readonly replicaOf?: string;
}

export interface OwnedPresence {
  readonly kind: 'owned';
  readonly stamp: Stamp | undefined;
  /** The delivery with this stamp has not read its value back. The list shows the secret without a stamp. */
  readonly unconfirmed?: true;
  readonly retired: boolean;
}

/** State of a target when its delivery was planned: a stamp, no secret, or an owned secret without a stamp. */
export type Expected = { readonly stamp: Stamp } | 'absent' | 'unstamped';

export interface Delivery {
  readonly name: string;
  /** Text, or bytes, which the store keeps as bytes. */
  readonly value: Secret<SecretContent>;
  /** Delivering the same stamp twice changes nothing. */
  readonly stamp: Stamp;
  /** The fence: a target in another state was changed by another writer and is not overwritten. */
  readonly expected: Expected;
  /** Shown with the secret. Contains nothing confidential. */
  readonly description: string;
  /** Called before each write, after its wait for the store's pace. If it fails, the delivery ends with its error. */
  readonly beforeWrite?: () => Promise<void>;
}

export interface Delivered {
  /** False if the store already held this stamp. */
  readonly changed: boolean;
  /** `accepted` if the store can't be read and only acknowledged the value. */
  readonly verified: 'read-back' | 'accepted';
  /** Something beside the value that was not possible, as a sentence for the report. The value is delivered. */
  readonly warning?: string;
}

/**
 * Days in which a retired secret can be restored, or `none` to delete it at once, with all of its versions. A store
 * with a `fixed` recovery ignores the number.
 */
export type Recovery = number | 'none';

/** The secrets of one owner in one store. */
export interface SecretStore {
  /** Lists the secrets of this owner, page by page. May lag behind by minutes. Repeatable. */
  list(): AsyncIterable<readonly StoredSecret[]>;
  /** Looks up one name without reading its value. Repeatable. */
  inspect(name: string): Promise<Presence>;
  /** True if the secret holds this value now; `unknown` if the store can't be read. Repeatable. */
  holds(name: string, value: Secret<SecretContent>): Promise<boolean | 'unknown'>;
  /** Delivers if the target is in the expected state, and verifies as far as the store can be read. Repeatable. */
  deliver(delivery: Delivery): Promise<Delivered>;
  /**
   * Adds what belongs to a delivered secret beside its value. Returns a sentence for the report if that was not
   * possible. If absent, the secrets of this store consist of their values. Repeatable.
   */
  complete?(name: string): Promise<string | undefined>;
  /** Retires a secret that the relay owns; false if it does not exist or has another owner. Repeatable. */
  retire(name: string, recovery: Recovery): Promise<boolean>;
  /** Command with which an operator hands a foreign secret over to this owner. It restores a retired one first. */
  adoption(name: string, found?: ForeignPresence): string;
}

/** Limits and abilities of a store, known without a call: at synthesis, by the loader and by the plan. */
export interface StoreRules {
  readonly name: NameRules;
  /** Maximum size of a value in bytes. */
  readonly valueBytes: number;
  /** True if the store keeps bytes as bytes. */
  readonly binary: boolean;
  /** True if values can be read back. */
  readonly readable: boolean;
  /** When a change by another writer is detected: before it is overwritten, afterwards, or never. */
  readonly fence: 'before' | 'after' | 'none';
  /** Recovery of a retired secret: for days that the caller chooses, for a time that the store sets, or none. */
  readonly recovery: 'days' | 'fixed' | 'none';
}

/** Use of a store by a function. Its permissions follow from it. */
export type StoreUse = 'list' | 'inspect' | 'complete' | 'deliver' | 'retire';

/** Writes to a store: per second under each of its quotas, and per delivery of a new and of a changed value. */
interface StorePacing {
  readonly perSecond: number;
  readonly create: number;
  readonly replace: number;
}

/** Pacing of a store of relay.yaml, and the id of its place, which it can share with other entries. */
export interface PacedStore extends StorePacing {
  readonly id: string;
}

/** REST API of a store, and the limits of one process on its calls. */
export interface StoreRemote {
  /** Base url without a trailing slash. */
  readonly url: string;
  /** PEM text of the CA to trust instead of the public ones. */
  readonly ca?: string | undefined;
  readonly limits: HttpOptions['limits'];
}

/** Account and region of the stack. If CloudFormation chooses them, they are tokens, which equal no setting. */
export interface StackPlace {
  readonly account: string | undefined;
  readonly region: string | undefined;
}

export interface StoreContext {
  /** Owner of the delivered secrets, unique worldwide: the relay and the rule. */
  readonly owner: string;
  /** Beginning of the names of the function's sessions in other accounts. */
  readonly session: string;
  /** Key that encrypts delivered secrets if relay.yaml does not name one. */
  readonly encryptionKey: string | undefined;
  /** Pace of the store's writes, over all functions of the stack; undefined if they are not paced. */
  readonly pace: StorePace | undefined;
  /** Creates the client for the REST API of the store. It counts the calls, and waits until the invocation ends. */
  readonly connect: (remote: StoreRemote) => Http;
  /** Proofs of the identity of this function, for stores outside of AWS. Shared by the stores of a process. */
  readonly tokens: WebIdentityTokens;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** Called for each call to the store. */
  readonly onCall: () => void;
}

/** A type of store, as registered in `registry.ts`. */
export interface StoreType<Settings extends EntryShape = EntryShape> {
  /** Shape of an entry under `stores` in relay.yaml: an object whose `type` is the name of this type. */
  readonly settings: Settings;
  readonly rules: StoreRules;
  /**
   * Identifies the place that an entry delivers into; undefined for the default one of this type. If absent, all
   * entries share that one.
   */
  place?(settings: z.output<Settings>): string | undefined;
  /**
   * Folder of the place that contains all secrets of an entry, without a slash at its ends; undefined for the whole
   * place. A list covers the folders below it as well.
   */
  folder?(settings: z.output<Settings>): string | undefined;
  /** Other places in which each secret of an entry takes its name as well. */
  replicaPlaces?(settings: z.output<Settings>): readonly (string | undefined)[];
  /**
   * Refuses settings that contradict the place of the stack, with `ConfigurationInvalid`. An unknown account or region
   * contradicts nothing. The loader knows neither.
   */
  checkStack?(settings: z.output<Settings>, stack: StackPlace): void;
  /** Pacing of the writes; undefined if they are not paced. */
  pacing?(settings: z.output<Settings>): StorePacing | undefined;
  connect(settings: z.output<Settings>, context: StoreContext): SecretStore;
  /**
   * AWS role that the functions assume for an entry, with the permissions for one kind of rules; undefined if it needs
   * none.
   */
  role?(settings: z.output<Settings>, scope: RoleScope, of: DeliveredBy): RoleToAssume | undefined;
  /** AWS permissions for one use of the secrets of a scope. A scope without prefixes is granted only `list`. */
  grants(settings: z.output<Settings>, use: StoreUse, scope: StoreScope): readonly Permission[];
}

/** The scope of a role that all functions of a relay assume. */
export type RoleScope = Omit<StoreScope, 'session' | 'encryptionKey'>;

/** A role of another AWS account, with the permissions that the whole relay needs there. */
export interface RoleToAssume {
  readonly arn: string;
  readonly externalId: string;
  /** Account of the stack, and the ARN pattern of the roles of its functions. */
  readonly trustedAccount: string;
  readonly trustedRoles: string;
  readonly permissions: readonly Permission[];
}

export interface StoreScope {
  /** Fixed beginnings of the secret names. */
  readonly prefixes: readonly string[];
  /** Pattern of the owners for which a function acts. */
  readonly owners: string;
  /** Beginning of the names of the function's sessions in other accounts. */
  readonly session: string;
  /** ARN of the stack's key. */
  readonly encryptionKey: string;
  /** Partition, region and account of the stack. At synthesis these are tokens that CloudFormation resolves. */
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}
