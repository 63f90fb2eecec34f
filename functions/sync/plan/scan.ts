import type { ItemPage, Preparation, Source, Vault } from '#shared/connections/vault.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** Contents of the store and of the vault for a plan. */
export interface Scan {
  /** Stamp of each secret, by name; undefined for a secret without a stamp. */
  readonly held: ReadonlyMap<string, Stamp | undefined>;
  /** Remarks on items that could not be looked up. They are missing from the rest. */
  readonly remarks: readonly Remark[];
  /** Visits the vault's list page by page. */
  readonly eachPage: (visit: (page: ItemPage, preparation: Preparation | undefined) => Promise<void>) => Promise<void>;
}

/** Lists all secrets of the sync and all items of its source. */
export const scanAll = async (rule: Source, vault: Vault, store: SecretStore): Promise<Scan> => {
  const held = await listHeld(store);
  return {
    held,
    remarks: [],
    eachPage: (visit) =>
      vault.session(async (session) => {
        const preparation = session.prepare?.(rule);
        for await (const page of session.list(rule)) await visit(page, preparation);
      }),
  };
};

export const listHeld = async (store: SecretStore): Promise<Map<string, Stamp | undefined>> => {
  const held = new Map<string, Stamp | undefined>();
  for await (const page of store.list()) for (const { name, stamp } of page) held.set(name, stamp);
  return held;
};
