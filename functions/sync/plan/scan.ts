import type { ItemPage, Preparation, Source, Vault } from '#shared/connections/vault.ts';
import type { Remark } from '#shared/domain/plan/remark.ts';
import type { Stamp } from '#shared/domain/stamp.ts';
import type { SecretStore } from '#shared/stores/store.ts';

/** State of both sides, as a plan compares it. */
export interface Scan {
  /** The stamp of each secret, by its name; undefined for one without a stamp. */
  readonly held: ReadonlyMap<string, Stamp | undefined>;
  /** On what could not be looked up, and is left out of the rest. */
  readonly remarks: readonly Remark[];
  /** Shows what the vault lists, page by page. */
  readonly eachPage: (visit: (page: ItemPage, preparation: Preparation | undefined) => Promise<void>) => Promise<void>;
}

/** Lists everything: all secrets of the sync, and all that the vault has for it. */
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
