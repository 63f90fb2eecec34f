import { sendMany } from '#test/support/message-scenario.ts';

sendMany({
  sent: 10_000,
  distinct: 6600,
  malformed: 350,
  checkouts: 150,
  second: 15,
  changed: 60,
  extensions: 1500,
  storm: 1000,
});
