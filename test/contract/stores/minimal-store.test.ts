import { RelayError } from '#shared/errors.ts';
import { startMinimalStore } from '#test/support/minimal/remotes.ts';
import { connectMinimalStore, minimalStore, openMinimalStore } from '#test/support/minimal/store.ts';
import { describeStore } from './store-suite.ts';

describeStore('the minimal store', {
  rules: minimalStore.rules,
  open: async () => {
    const remote = await startMinimalStore();
    const http = openMinimalStore({ url: remote.url, ca: remote.caPem });
    return {
      connect: (owner) => connectMinimalStore(http, owner),
      connectThrough: (owner, around) =>
        connectMinimalStore({ ...http, send: (call) => around(() => http.send(call)) }, owner),
      unanswered: () =>
        new RelayError('StoreUnavailable', 'The answer was lost. The call is retried.', { mayHaveHappened: true }),
      makeForeign: async (name, value) => void remote.secrets.set(name, { owner: 'stranger', value }),
      adopt: async (name, owner) => {
        const secret = remote.secrets.get(name);
        if (secret !== undefined) remote.secrets.set(name, { ...secret, owner });
      },
      valueOf: async (name) => remote.secrets.get(name)?.value,
      readable: async (name) => [remote.secrets.get(name)?.value ?? []].flat(),
      everythingVisible: async () =>
        JSON.stringify([...remote.secrets].map(([name, { owner, stamp }]) => [name, owner, stamp])),
      close: async () => {
        await http.close();
        await remote[Symbol.asyncDispose]();
      },
    };
  },
});
