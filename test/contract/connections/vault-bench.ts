import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import type { Rotated } from '#shared/connections/rotation.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { LeaseTerms, Read, Source, Vault, VaultSession, VendorAccess } from '#shared/connections/vault.ts';
import { type Item, itemSchema, type Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

type VendorSession = VaultSession<VendorAccess>;

/** The remote end of a vault that changes credentials. */
export interface RotationSite {
  /** False if the vault queues each change and shows it only once it has happened. Default: true. */
  readonly showsQueue?: boolean;
  /** Credential that the vault holds now. */
  valueOf(item: Rotated): string;
  /** Number of changes of a credential since the start. */
  changes(item: Rotated): number;
  /** Number of log-ons with a credential since the start. */
  logOns(item: Rotated): number;
  /** Lets the vault finish all queued changes. */
  settle(): void;
  /** Makes the target of an item refuse the credential. */
  refuseLogOn(item: Rotated): void;
  /** Loses the next answers to changes and tests, after their effects. */
  loseAnswers(): void;
}

/** A vault with its own remote end, which the suite can change and inspect. */
export interface VaultSite {
  readonly vault: Vault<VendorAccess>;
  /** Ids of all items that the rule lists. */
  ids(): readonly string[];
  /** True if a listed item can be read at once. At least two can. */
  isReadable(item: Item): boolean;
  /** Value that a read of the item must return now. */
  valueOf(item: Item): string | Uint8Array;
  /** Changes the credential of an item behind the vault's back. */
  change(item: Item): void;
  /** Number of leases that any client has open at the remote end. */
  openLeases(): number;
  /** Ends all leases, as an administrator does. */
  endLeases(): void;
  /** Number of signed-in sessions. */
  openSessions(): number;
  /** Number of sign-in attempts at the remote end. */
  signIns(): number;
  /** Refuses every sign-in from now on. */
  refuseSignIn(): void;
  /** Fails all calls from now on, except sign-in and sign-out. */
  failCalls(): void;
  /** Present if the vault changes credentials of the source. */
  readonly rotation?: RotationSite;
  /** True if a lease for the item waits for an approval; omitted where none does. */
  waits?(item: Item): boolean;
  /** Makes an address match several items, and returns it; omitted where that is impossible. */
  makeAmbiguous?(): Labels;
  /** Texts that no error may show: credentials, and the secrets of the sign-in. */
  secrets(): readonly string[];
}

/** Subject of the suite: a rule of one source, its connection type, and a function that starts a remote end. */
export interface VaultBench {
  readonly type: ConnectionType;
  readonly rule: Source;
  /** A rule of the same source whose reads open target sessions; omitted if there is none. */
  readonly sessionRule?: Source;
  /** True if the vault changes credentials of the source on request. */
  readonly rotates?: boolean;
  /** A rule of the same source that lists only items whose credentials change; omitted if all do. */
  readonly rotationRule?: Source;
  /** True if the vault has no sessions, and a token that all functions share. */
  readonly sharesToken?: boolean;
  /** Starts a remote end with a few items, of which some differ in every label of an address. */
  start(): Promise<VaultSite>;
}

export const rulesOf = ({ type, rule }: Pick<VaultBench, 'type' | 'rule'>): SourceRules => {
  const source = type.sources[rule.source];
  if (source === undefined) throw new Error(`The type has no source ${rule.source}.`);
  return source.rules(rule);
};

/** All that a rule lists. */
export const listAll = async (session: VendorSession, rule: Source, within?: Labels) => {
  const items: Item[] = [];
  let complete = true;
  for await (const page of session.list(rule, within)) {
    items.push(...page.items);
    complete &&= page.complete;
  }
  return { items, complete };
};

/** The item after a round trip through a batch record. */
export const writtenDown = (item: Item): Item => itemSchema.parse(JSON.parse(JSON.stringify(item)));

export const listReadable = async (site: VaultSite, session: VendorSession, rule: Source): Promise<Item[]> =>
  (await listAll(session, rule)).items.filter((item) => site.isReadable(item));

/** An item that can be read. */
export const anyReadable = async (site: VaultSite, session: VendorSession, rule: Source): Promise<Item> => {
  const [item] = await listReadable(site, session, rule);
  if (item === undefined) throw new Error('The site lists nothing that can be read.');
  return writtenDown(item);
};

export const accessKind = <Kind extends VendorAccess['kind']>(
  access: VendorAccess,
  kind: Kind,
): Extract<VendorAccess, { readonly kind: Kind }> => {
  const isOfKind = (one: VendorAccess): one is Extract<VendorAccess, { readonly kind: Kind }> => one.kind === kind;
  if (!isOfKind(access)) throw new Error(`The rules say ${kind}, the session ${access.kind}.`);
  return access;
};

export const leasesOf = (session: VendorSession, rule: Source) => accessKind(session.access(rule), 'leases');

/** The terms of a sync. */
export const terms = (more: Partial<LeaseTerms> = {}): LeaseTerms => ({
  reason: 'the contract suite [relay/sync/rule/rule.1/0]',
  changeAtEnd: false,
  whenHeld: 'share',
  ...more,
});

export const contentOf = ({ content }: Read): string | Uint8Array =>
  'file' in content ? new Uint8Array(content.file.reveal()) : content.secret.reveal();

/** Expected value in the form of {@link contentOf}: bytes are compared with bytes. */
export const expected = (site: VaultSite, item: Item): string | Uint8Array => {
  const value = site.valueOf(item);
  return typeof value === 'string' ? value : new Uint8Array(value);
};

/** Reads one item as the rule configures, and leaves nothing open. */
export const readBy = async (access: VendorAccess, item: Item): Promise<Read> => {
  switch (access.kind) {
    case 'plain-reads':
      return access.read(item, terms());
    case 'opening-reads': {
      const read = await access.openAndRead(item, terms());
      await access.close(item, 'read');
      return read;
    }
    case 'leases': {
      const { id } = await access.open(item, terms());
      const read = await access.read(id, item);
      await access.close(id, 'read');
      return read;
    }
  }
};

/** Error of a rejected call, after a check that no part of it shows a secret. */
export const failureOf = async (site: VaultSite, call: Promise<unknown>): Promise<RelayError> => {
  const error: unknown = await call.then(
    () => expect.fail('It should have been rejected.'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RelayError)) throw error;
  const everything = `${inspect(error, { depth: null, showHidden: true })}${error.stack}${JSON.stringify(error)}`;
  for (const secret of site.secrets()) expect(everything).not.toContain(secret);
  return error;
};
