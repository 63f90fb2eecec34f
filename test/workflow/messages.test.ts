import { sendMany } from '#test/support/message-scenario.ts';

/** A twentieth of the messages of `npm run test:campaigns`, of every kind. */
sendMany({
  sent: 250,
  distinct: 165,
  malformed: 8,
  checkouts: 7,
  second: 1,
  changed: 4,
  extensions: 40,
  storm: 25,
});
