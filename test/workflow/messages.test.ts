import { tellMany } from '#test/support/message-story.ts';

/** A tenth of what `npm run test:campaigns` sends, with every kind of message in it. */
tellMany({
  sent: 1000,
  distinct: 660,
  malformed: 35,
  checkouts: 20,
  second: 4,
  changed: 10,
  extensions: 200,
  storm: 100,
});
