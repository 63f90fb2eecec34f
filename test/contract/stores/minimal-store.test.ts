import { UNPACED } from '#test/support/fakes.ts';
import { startMinimalStore } from '#test/support/minimal/remotes.ts';
import { minimalStore } from '#test/support/minimal/store.ts';
import { describeStore } from './store-suite.ts';

describeStore('the minimal store', {
  rules: minimalStore.rules,
  open: async () => {
    const remote = await startMinimalStore();
    const settings = { type: 'minimal-store', url: remote.url, ca: remote.caPem } as const;
    return {
      connect: (owner) => minimalStore.connect(settings, { owner, encryptionKey: undefined, ...UNPACED }),
      makeForeign: async (name, value) => void remote.secrets.set(name, { owner: 'stranger', value }),
      adopt: async (name, owner) => {
        const secret = remote.secrets.get(name);
        if (secret !== undefined) remote.secrets.set(name, { ...secret, owner });
      },
      valueOf: async (name) => remote.secrets.get(name)?.value,
      close: async () => remote[Symbol.asyncDispose](),
    };
  },
});
