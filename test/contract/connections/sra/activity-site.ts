import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import type { Switches } from '#local/simulators/sra/switches.ts';
import type { ItemPage, VaultSession } from '#shared/connections/vault.ts';
import type { Item } from '#shared/domain/item.ts';
import { openRelaySite } from './relay-site.ts';
import { RULE } from './site.ts';

/** Parts of the tests of what the activity report proves. */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const { clientId, permissions } = DEFAULT_API_ACCOUNT;

export type Site = Awaited<ReturnType<typeof openRelaySite>>;

export const openSite = (switches: Partial<Switches> = {}): Promise<Site> => openRelaySite({ site: { switches } });

export const listPages = async (session: Pick<VaultSession, 'list'>, since?: string): Promise<ItemPage[]> => {
  const pages: ItemPage[] = [];
  for await (const page of session.list(RULE, {}, since)) pages.push(page);
  return pages;
};

export const itemsBy = async (
  session: Pick<VaultSession, 'list'>,
  since?: string,
): Promise<ReadonlyMap<number, Item>> =>
  new Map((await listPages(session, since)).flatMap(({ items }) => items.map((item) => [Number(item.ref.id), item])));

export const list = ({ vault }: Site, since?: string) => vault.session((session) => itemsBy(session, since));

/** Ids of accounts that can be used at once. */
export const idsOf = ({ simulator }: Site, ...types: readonly string[]): readonly [number, number] => {
  const free = simulator.accounts().filter(({ kind, type }) => kind === 'plain' && types.includes(type));
  const [one, other] = free.map(({ id }) => id);
  if (one === undefined || other === undefined) throw new Error('The site has too few such accounts.');
  return [one, other];
};

export const deny = ({ simulator }: Site, ...denied: readonly ('reportingVault' | 'reportingSession')[]): void =>
  simulator.changeApiAccount(clientId, {
    permissions: { ...permissions, ...Object.fromEntries(denied.map((one) => [one, false])) },
  });
