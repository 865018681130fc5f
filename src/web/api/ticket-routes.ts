import { z } from 'zod';
import { correctionSchema, correctTicket, voidTicket } from '../../orders/ticket/correct-ticket.ts';
import { type Ticket, ticketSchema } from '../../orders/ticket.ts';
import type { TicketRecord, TicketRevision } from '../../records/contract.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { WebDeps } from '../contract.ts';
import { ApiAnswer, type ApiRequest, type ApiRoute, notFound, route } from './route.ts';
import { step } from './shapes.ts';

const deliveryState = z.enum(['pending', 'queued', 'acked', 'needs_attention', 'dead']);

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().min(1).nullable().default(null),
  state: deliveryState.nullable().default(null),
  call: z.string().min(1).nullable().default(null),
  /** Only those that a person should look at, or only the others. */
  review: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .nullable()
    .default(null),
});

const row = z.object({
  ticketId: z.string(),
  revision: z.int(),
  callId: z.string(),
  lane: z.string(),
  status: ticketSchema.shape.status,
  state: deliveryState,
  items: z.int(),
  totalCents: z.int(),
  currency: z.string(),
  review: ticketSchema.shape.review,
  confirmed: z.string(),
});

const detail = z.object({
  /** The newest revision. */
  ticket: ticketSchema,
  state: deliveryState,
  revisions: z.array(z.object({ revision: z.int(), status: z.string(), state: deliveryState, trail: z.array(step) })),
});

type TicketDeps = Pick<WebDeps, 'reader' | 'delivery' | 'menus' | 'desk' | 'clock' | 'log'>;

/** Tickets by themselves. A change is a new revision, based on the one that the caller has seen. */
export function ticketRoutes(deps: TicketDeps): ApiRoute[] {
  const { reader, delivery, menus, clock, log } = deps;
  /** `next` from the newest revision, stored before it is answered. */
  const change = async (request: ApiRequest<unknown, unknown>, action: string, next: (ticket: Ticket) => Ticket) => {
    const found = await newest(deps, request);
    if (found instanceof ApiAnswer) return found;
    const ticket = next(found.ticket);
    try {
      await delivery.commit(ticket);
    } catch (error) {
      // Somebody else's revision was stored between the look and this one.
      if (error instanceof SpeakerpostError && error.code === 'TICKET_CONFLICT')
        throw changed(found.ticket, ticket.revision);
      throw error;
    }
    log.info({ ticketId: ticket.ticketId, revision: ticket.revision, action }, 'ticket changed by hand');
    request.note(`ticket.${action}`, ticket.callId, `${ticket.idempotencyKey}: ${ticket.history.at(-1)?.text ?? ''}`);
    return new ApiAnswer(200, detailOf(await reader.getTicket(ticket.ticketId)), { ETag: tagOf(ticket) });
  };
  const corrector = ({ caller }: ApiRequest<unknown, unknown>, ticket: Ticket) => ({
    name: caller.name,
    atMs: clock.wallMs() - Date.parse(ticket.times.callStarted),
  });
  return [
    route({
      method: 'get',
      path: '/api/tickets',
      summary: 'List tickets in their newest revision, newest first',
      permission: 'calls.read',
      query: listQuery,
      answer: z.object({ tickets: z.array(row), next: z.string().nullable() }),
      async handle({ query: { limit, after, state, call, review } }) {
        const found = await reader.listTickets({ limit: limit + 1, after, state, callId: call, needsReview: review });
        const tickets = found.slice(0, limit).map(rowOf);
        return { tickets, next: found.length > limit ? (tickets.at(-1)?.ticketId ?? null) : null };
      },
    }),
    route({
      method: 'get',
      path: '/api/tickets/:ticketId',
      summary: 'Read one ticket with all its revisions and their ways to the POS; its ETag is for changes',
      permission: 'calls.read',
      answer: detail,
      async handle({ param, note }) {
        const records = await reader.getTicket(param('ticketId'));
        const last = records.at(-1);
        if (last === undefined) return notFound('ticket');
        note('ticket.read', last.ticket.callId, last.ticket.ticketId);
        return new ApiAnswer(200, detailOf(records), { ETag: tagOf(last.ticket) });
      },
    }),
    route({
      method: 'post',
      path: '/api/tickets/:ticketId/resend',
      summary: 'Send the newest revision again, or for the first time where it was held; the POS takes it once',
      permission: 'tickets.write',
      async handle({ param, note }) {
        const last = (await reader.getTicket(param('ticketId'))).at(-1);
        if (last === undefined) return notFound('ticket');
        const { ticketId, revision, callId, idempotencyKey } = last.ticket;
        await delivery.resend(ticketId, revision);
        note('ticket.resent', callId, idempotencyKey);
        return undefined;
      },
    }),
    route({
      method: 'post',
      path: '/api/tickets/:ticketId/correct',
      summary: 'Make a new revision with other lines, priced by the menu, and send it',
      permission: 'tickets.write',
      needsIfMatch: true,
      body: correctionSchema,
      answer: detail,
      handle: (request) =>
        change(request, 'corrected', (ticket) => {
          const menu = menus.byId(ticket.menu.id);
          if (menu !== null) return correctTicket(ticket, request.body, menu, corrector(request, ticket));
          const known = menus.menus.map(({ id }) => id).join(', ');
          throw new SpeakerpostError('MENU_UNKNOWN', { menuId: ticket.menu.id, known });
        }),
    }),
    route({
      method: 'post',
      path: '/api/tickets/:ticketId/void',
      summary: 'Make a new revision that takes the order back, and send it',
      permission: 'tickets.write',
      needsIfMatch: true,
      body: z.strictObject({ reason: z.string().trim().min(1).max(500) }),
      answer: detail,
      handle: (request) =>
        change(request, 'voided', (ticket) => voidTicket(ticket, request.body.reason, corrector(request, ticket))),
    }),
  ];
}

/**
 * The newest revision, if it is the one that the caller has seen and its call is over.
 * @throws SpeakerpostError TICKET_CHANGED_CONFLICT, TICKET_LIVE_CONFLICT
 */
async function newest(
  { reader, desk }: TicketDeps,
  { param, raw }: ApiRequest<unknown, unknown>,
): Promise<TicketRecord | ApiAnswer> {
  const seen = raw.get('if-match');
  if (seen === undefined)
    return new ApiAnswer(428, { error: 'send If-Match with the ETag of the ticket that the change is based on' });
  const last = (await reader.getTicket(param('ticketId'))).at(-1);
  if (last === undefined) return notFound('ticket');
  const { ticketId, revision, callId } = last.ticket;
  if (seen !== tagOf(last.ticket))
    throw new SpeakerpostError('TICKET_CHANGED_CONFLICT', { ticketId, revision, expected: seen });
  if (desk.live.some((call) => call.callId === callId))
    throw new SpeakerpostError('TICKET_LIVE_CONFLICT', { ticketId, callId });
  return last;
}

function changed(seen: Ticket, revision: number): SpeakerpostError {
  return new SpeakerpostError('TICKET_CHANGED_CONFLICT', { ticketId: seen.ticketId, revision, expected: tagOf(seen) });
}

function tagOf({ revision }: Ticket): string {
  return `"r${revision}"`;
}

function rowOf({ ticket, state }: TicketRevision): z.output<typeof row> {
  const { ticketId, revision, callId, lane, status, currency, review, lines, totals, times } = ticket;
  const items = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const { totalCents } = totals;
  return {
    ticketId,
    revision,
    callId,
    lane,
    status,
    state,
    items,
    totalCents,
    currency,
    review,
    confirmed: times.confirmed,
  };
}

function detailOf(records: readonly TicketRecord[]): z.input<typeof detail> | undefined {
  const last = records.at(-1);
  if (last === undefined) return undefined;
  return {
    ticket: last.ticket,
    state: last.state,
    revisions: records.map(({ ticket, state, trail }) => ({
      revision: ticket.revision,
      status: ticket.status,
      state,
      trail: [...trail],
    })),
  };
}
