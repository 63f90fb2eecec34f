import { describe, expect, it } from 'vitest';
import { RelayError } from '#shared/errors.ts';
import { createTell } from '#shared/messages/tell.ts';
import { aWebhook } from '#test/support/tickets.ts';

const ROUTE = aWebhook();
const COMMENT = { route: 'snow', number: 'CHG1', key: 'opened.CHG1.1', text: 'pam-relay: access is open.' };

describe('the order for a comment', () => {
  const tell = async (route: string, failure?: RelayError) => {
    const sent: unknown[] = [];
    const failures: string[] = [];
    await createTell({
      webhooks: { snow: { ...ROUTE, comments: true }, quiet: ROUTE },
      send: async (body) => {
        if (failure !== undefined) throw failure;
        sent.push(JSON.parse(body));
      },
      onFailure: ({ name }) => void failures.push(name),
    })({ ...COMMENT, route });
    return { sent, failures };
  };

  it('is sent for a route that writes comments, and for no other', async () => {
    expect(await tell('snow')).toEqual({ sent: [COMMENT], failures: [] });
    for (const route of ['quiet', 'removed', 'constructor']) expect((await tell(route)).sent).toEqual([]);
  });

  it('raises nothing if the queue does not accept it, because no access depends on it', async () => {
    const failure = new RelayError('StoreUnavailable', 'The queue did not accept a message.');
    expect(await tell('snow', failure)).toEqual({ sent: [], failures: ['StoreUnavailable'] });
  });
});
