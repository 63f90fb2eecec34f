import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Access, LeaseTerms, Read, Source, Vault, VaultSession } from '#shared/connections/vault.ts';
import { type Item, itemSchema, type Labels } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/** A vault with a remote end of its own, and what the suite can do to that end and ask of it. */
export interface VaultSite {
  readonly vault: Vault;
  /** Ids of all items that the rule lists. */
  ids(): readonly string[];
  /** Whether a listed item can be read at once. At least two can. */
  isReadable(item: Item): boolean;
  /** What reading the item has to give now. */
  valueOf(item: Item): string | Uint8Array;
  /** Changes the credential of an item behind the vault's back. */
  change(item: Item): void;
  /** How many leases are open at the remote end, whoever has them. */
  openLeases(): number;
  /** Ends all leases, as an administrator does. */
  endLeases(): void;
  /** How many sessions are signed in. */
  openSessions(): number;
  /** How often the remote end was asked to sign somebody in. */
  signIns(): number;
  /** From now on nobody is let in. */
  refuseSignIn(): void;
  /** From now on all calls fail but those that sign in and out. */
  failCalls(): void;
  /** Whether a lease for the item waits for somebody's approval; left out where nothing ever does. */
  waits?(item: Item): boolean;
  /** Makes an address mean several items, and gives it; left out where that can't be. */
  makeAmbiguous?(): Labels;
  /** Texts that no error may show: credentials, and what is signed in with. */
  secrets(): readonly string[];
}

/** Where the suite runs: a rule of one source of a type of connection, and how to start a remote end for it. */
export interface VaultBench {
  readonly type: ConnectionType;
  readonly rule: Source;
  /** A rule of the same source under which reading opens a target session; left out where there is none. */
  readonly sessionRule?: Source;
  /** Starts a remote end with a few items, of which some differ in every label of an address. */
  start(): Promise<VaultSite>;
}

export const rulesOf = ({ type, rule }: Pick<VaultBench, 'type' | 'rule'>): SourceRules => {
  const source = type.sources[rule.source];
  if (source === undefined) throw new Error(`The type has no source ${rule.source}.`);
  return source.rules(rule);
};

/** All that a rule lists. */
export const listAll = async (session: VaultSession, rule: Source, within?: Labels) => {
  const items: Item[] = [];
  let complete = true;
  for await (const page of session.list(rule, within)) {
    items.push(...page.items);
    complete &&= page.complete;
  }
  return { items, complete };
};

/** As an item comes back from where batches are written down. */
export const writtenDown = (item: Item): Item => itemSchema.parse(JSON.parse(JSON.stringify(item)));

export const listReadable = async (site: VaultSite, session: VaultSession, rule: Source): Promise<Item[]> =>
  (await listAll(session, rule)).items.filter((item) => site.isReadable(item));

/** An item that can be read. */
export const anyReadable = async (site: VaultSite, session: VaultSession, rule: Source): Promise<Item> => {
  const [item] = await listReadable(site, session, rule);
  if (item === undefined) throw new Error('The site lists nothing that can be read.');
  return writtenDown(item);
};

export const wayIn = <Kind extends Access['kind']>(
  access: Access,
  kind: Kind,
): Extract<Access, { readonly kind: Kind }> => {
  const isOfKind = (one: Access): one is Extract<Access, { readonly kind: Kind }> => one.kind === kind;
  if (!isOfKind(access)) throw new Error(`The rules say ${kind}, the session ${access.kind}.`);
  return access;
};

export const leasesOf = (session: VaultSession, rule: Source) => wayIn(session.access(rule), 'leases');

/** The terms of a sync. */
export const terms = (more: Partial<LeaseTerms> = {}): LeaseTerms => ({
  reason: 'the contract suite [relay/sync/rule/rule.1/0]',
  changeAtEnd: false,
  whenHeld: 'share',
  ...more,
});

export const contentOf = ({ content }: Read): string | Uint8Array =>
  'file' in content ? new Uint8Array(content.file.reveal()) : content.secret.reveal();

/** As {@link contentOf} gives it, so that bytes are compared with bytes. */
export const expected = (site: VaultSite, item: Item): string | Uint8Array => {
  const value = site.valueOf(item);
  return typeof value === 'string' ? value : new Uint8Array(value);
};

/** Reads one item in whichever way the rule asks for, and leaves nothing open. */
export const readBy = async (access: Access, item: Item): Promise<Read> => {
  switch (access.kind) {
    case 'plain-reads':
      return access.read(item, terms());
    case 'opening-reads': {
      const claim = { item: item.ref, run: 'rule.1' };
      const read = await access.openAndRead(item, terms(), claim);
      await access.close(claim, 'read');
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

/** What a call is rejected with, after a look into every corner of it for what must not be there. */
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
