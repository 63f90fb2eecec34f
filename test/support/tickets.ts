/** Places of everything in the bodies of tests. */
export const TICKET = {
  number: '/key',
  position: { counter: '/count' },
  state: '/state',
  states: { approved: 'open', later: 'extend', sooner: 'shorten', done: 'close' },
  from: '/from',
  until: '/until',
  reason: '/reason',
  items: { labels: { systemName: '/system', accountName: { text: 'sa' } } },
} as const;
