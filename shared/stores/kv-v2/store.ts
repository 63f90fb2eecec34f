import { shellQuote } from '#shared/domain/shell.ts';
import type { StorePace } from '#shared/limits/store-pace.ts';
import { OWNER_TAG } from '#shared/names.ts';
import type { KvApi } from '#shared/stores/kv-v2/api.ts';
import { createDeliver, WRITES } from '#shared/stores/kv-v2/delivery.ts';
import { formOf } from '#shared/stores/kv-v2/form.ts';
import { listSecrets } from '#shared/stores/kv-v2/listing.ts';
import { isRetired, likelyStamp } from '#shared/stores/kv-v2/marks.ts';
import type { KvSettings } from '#shared/stores/kv-v2/settings.ts';
import type { Presence, SecretStore } from '#shared/stores/store.ts';

export interface KvStoreOptions {
  readonly api: KvApi;
  /** Mark of the secrets of this store, `<relayId>/<rule>`: at most 512 bytes. */
  readonly owner: string;
  readonly settings: Pick<KvSettings, 'namespace' | 'mount' | 'folder' | 'limits'>;
  readonly pace: Pick<StorePace, 'take'> | undefined;
}

/**
 * Version 2 of the key-value store of OpenBao or HashiCorp Vault. Secrets of the relay have its owner, stamp and
 * description in their custom metadata. A retired secret has only deleted versions; a delivery writes over them.
 *
 * The list shows only confirmed stamps, so that the next run looks at every unfinished delivery. An inspection shows
 * announced ones as well, so that a delivery in progress is not overwritten by an older one.
 */
export const createKvStore = ({ api, owner, settings, pace }: KvStoreOptions): SecretStore => {
  const inspect = async (name: string): Promise<Presence> => {
    const state = await api.state(name);
    if (state === undefined) return { kind: 'absent' };
    const retired = isRetired(state);
    if (state.owner !== owner) return { kind: 'foreign', ...(retired && { retired }) };
    const stamp = likelyStamp(state);
    return { kind: 'owned', stamp, ...(stamp !== state.stamp && { unconfirmed: true }), retired };
  };

  const adoption: SecretStore['adoption'] = (name) => {
    const { namespace, mount, folder } = settings;
    const path = folder === undefined ? name : `${folder}/${name}`;
    const options = [
      ...(namespace === undefined ? [] : [`-namespace=${shellQuote(namespace)}`]),
      `-mount=${shellQuote(mount)}`,
      `-custom-metadata=${shellQuote(`${OWNER_TAG}=${owner}`)}`,
    ];
    // A deleted secret stays deleted. The next delivery writes over it.
    return `bao kv metadata patch ${options.join(' ')} ${shellQuote(path)} # for HashiCorp Vault: vault instead of bao`;
  };

  return {
    async *list() {
      for await (const page of listSecrets(api, settings.limits.inFlight)) {
        const ours = page.filter(([, state]) => state.owner === owner && !isRetired(state));
        yield ours.map(([name, { stamp }]) => ({ name, stamp }));
      }
    },

    inspect,

    async holds(name, value) {
      const form = formOf(value);
      if (!form.fits) return false;
      return (await api.read(name))?.form?.equals(form.json) ?? false;
    },

    deliver: createDeliver({ api, owner, pace, adoption }),

    async retire(name, recovery) {
      const state = await api.state(name);
      if (state?.owner !== owner) return false;
      if (recovery === 'none' || state.current === 0) {
        await pace?.take(WRITES);
        await api.destroy(name);
      } else if (state.readable.length > 0) {
        await pace?.take(WRITES);
        await api.remove(name, state.readable);
      }
      return true;
    },

    adoption,
  };
};
