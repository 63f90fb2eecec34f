import { tellMany } from '#test/support/message-story.ts';

/** A twentieth of what `npm run test:campaigns` sends, with every kind of message in it. */
tellMany({
  sent: 500,
  distinct: 330,
  malformed: 16,
  checkouts: 13,
  second: 2,
  changed: 6,
  extensions: 78,
  storm: 50,
});
