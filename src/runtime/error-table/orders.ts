import type { ErrorRow } from './row.ts';

export const ordersErrors = {
  MENU_UNREADABLE: {
    message: 'Cannot read the menu {file}: {reason}',
    remedy: 'Check that the file exists, is readable by this user and is JSON.',
  },
  MENU_INVALID: {
    message: '{file}: {path} is {value}: {reason}',
    remedy: 'Correct {path} in the menu; src/orders/menu/README.md describes every field.',
  },
  MENU_IMPORT_INVALID: {
    message: '{file} cannot be imported as a menu: {where}: {reason}',
    remedy: 'Correct the file there, or name its format with --from; speakerpost menu --help says what each has.',
  },
  MENU_NOT_RELOADED: {
    message: 'The changed menu {file} is not used: {reason}',
    remedy: 'Correct the file; it is read again when it is saved. Until then the menu before the change is in use.',
  },
  MENU_ID_TWICE: {
    message: 'The menu {file} has the id {menuId}, as another menu of the store has',
    remedy: 'Give each menu of the store an id of its own.',
  },
  MENU_UNKNOWN: {
    message: 'The store has no menu {menuId}',
    remedy: 'Name one of: {known}.',
  },
  MENU_ENTRY_UNKNOWN: {
    message: 'The menu {menuId} has no {kind} {id}',
    remedy: 'GET /api/menus/{menuId} lists every item, and every option as group/option.',
  },
  STOCK_TIME_INVALID: {
    message: 'It cannot be out of stock until {until}: that is over',
    remedy: 'Give a time to come, or null.',
  },
  STOCK_UNUSABLE: {
    message: 'The list of what is out of stock, {file}, cannot be used: {reason}',
    remedy: 'Check space and rights of the data directory. A damaged file may be deleted: everything is in stock then.',
  },
  TICKET_NOT_STORED: {
    message: 'The ticket {ticketId} revision {revision} could not be stored: {reason}',
    remedy:
      'Free space on the disk of the data directory, or replace the damaged database. The ticket waits in memory: take the order down by hand and do not stop the gateway before this is gone.',
  },
  TICKET_CONFLICT: {
    message: 'The ticket {ticketId} revision {revision} is not stored: {other} has the place of this car',
    remedy: 'Two gateways serve one lane, or a ticket was made twice: stop one of them. The first ticket stands.',
  },
  TICKET_UNKNOWN: {
    message: 'There is no ticket {ticketId} revision {revision}',
    remedy: 'Reload the page; the ticket may belong to another database.',
  },
  TICKET_CORRECTION_INVALID: {
    message: 'The correction is not taken: {path}: {reason}',
    remedy: 'GET /api/menus has the ids of items, sizes and options. Nothing was changed.',
  },
  TICKET_VOIDED: {
    message: 'The ticket {ticketId} has been voided',
    remedy: 'Nothing more can be done to it; enter a new order at the POS.',
  },
  TICKET_CHANGED_CONFLICT: {
    message: 'The ticket {ticketId} has revision {revision} by now, not {expected}',
    remedy: 'Somebody else changed it: read it again, and decide anew with what it is now.',
  },
  TICKET_LIVE_CONFLICT: {
    message: 'The call {callId} of the ticket {ticketId} is still going on',
    remedy: 'Wait until it has ended: what the agent says may change the order, too.',
  },
  ORDER_NOT_DELIVERED: {
    message: 'The POS has not taken the order {ticketId} of call {callId} within {seconds} s: {reason}',
    remedy:
      'Give the order to the kitchen by hand and check POS and network; it is tried once a minute until the POS takes it.',
  },
  ORDER_REFUSED: {
    message: 'The POS refuses the order {ticketId} of call {callId}: {reason}',
    remedy:
      'Give the order to the kitchen by hand. Correct what the POS names (menu ids, opening), then send it again.',
  },
  ORDER_DIFFERS: {
    message: 'The POS has the order {ticketId} of call {callId}, but {reason}',
    remedy:
      'Compare the order at the POS with the ticket before the guest pays; correct prices or taxes where menu and POS differ.',
  },
  ORDER_HELD: {
    message: 'The order {ticketId} of call {callId} is held for the crew: {reason}',
    remedy:
      'Listen to the call, correct the ticket if it is wrong, and send it from its page; until then the POS has not got it.',
  },
  ORDER_NOT_PRINTED: {
    message: 'The order {ticketId} of call {callId} could not be printed for the crew: {reason}',
    remedy: 'Check paper, power and network of orders.crewPrinter, and take the order from its page.',
  },
  ORDERS_LIKE_BEFORE: {
    message: '{count} more orders with the same trouble ({code}), the last {ticketId} of call {callId}: {reason}',
    remedy:
      'The POS is away for long, or refuses everything for one cause. Give the orders that the page shows in red to the kitchen by hand, and check the POS, its network and orders.pos.',
  },
  ORDER_DEAD: {
    message: 'The order {ticketId} of call {callId} was given up: the POS has not taken it for {hours} h',
    remedy: 'Enter it by hand if it was served, or send it again from its page.',
  },
  DELIVERY_STATE_NOT_STORED: {
    message: 'The state of deliveries cannot be written: {reason}',
    remedy:
      'Free space on the disk of the data directory. Orders go on to the POS; some may be sent twice, with the same key.',
  },
  QUEUE_DOWN: {
    message: 'The queue {queue} is down: {reason}',
    remedy:
      'Check that its server runs and is reachable (redis-cli ping, pg_isready), or set orders.queue to embedded. Tickets are safe and are sent as soon as it is back.',
  },
  DELIVERY_WORKER_DIED: {
    message: 'The delivery thread died: {reason}',
    remedy:
      'It is started again by itself and nothing is lost. Report the reason with the log lines around it if it repeats.',
  },
} as const satisfies Record<string, ErrorRow>;
