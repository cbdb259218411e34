import { unreachable } from '../../base/assert.ts'
import { MillraceError } from '../../base/errors.ts'
import type { Environment, Random, TimerHandle } from '../../environment/index.ts'
import type {
  ControllerAnswer,
  ControllerRequest,
  ControllerRequestKind,
} from '../peers/controller-requests.ts'
import type { BrokerSettings } from '../settings/broker-settings.ts'
import { alterPartitions } from './alter-partition.ts'
import { balanceLeaders, electAsked, electUncleanLeaders } from './asked-elections.ts'
import { fenceBroker, fenceSilentBrokers, heartbeat, registerBroker } from './brokers.ts'
import { alterClientQuotas } from './client-quotas.ts'
import { alterConfigs } from './configs.ts'
import type { ControllerState, Decision } from './decision.ts'
import { updateFeatures } from './features.ts'
import type { ClusterImage } from './image.ts'
import type { Quorum } from './quorum.ts'
import { reassign } from './reassignments.ts'
import { alterScramCredentials } from './scram-credentials.ts'
import { createPartitions, createTopic, deleteTopic } from './topics.ts'

interface Waiting {
  readonly index: number
  readonly resolve: () => void
  readonly reject: (error: MillraceError) => void
}

/** What one broker holds while it is the active controller; gone with its leadership of the quorum. */
interface Term {
  readonly epoch: number
  /** The committed image with all proposals on top. */
  readonly image: ClusterImage
  readonly contactMs: Map<number, number>
  readonly heard: Set<number>
  readonly waiting: Waiting[]
}

/**
 * The active controller, on whichever broker leads the quorum: decides on requests one after the other, and answers
 * each when the records it led to are committed.
 */
export class Controller {
  private readonly environment: Environment
  private readonly settings: BrokerSettings
  private readonly quorum: Quorum
  private readonly random: Random
  private term: Term | undefined
  private timer: TimerHandle | undefined
  private balanceTimer: TimerHandle | undefined

  constructor(environment: Environment, settings: BrokerSettings, quorum: Quorum) {
    this.environment = environment
    this.settings = settings
    this.quorum = quorum
    // Not a fork by name: it would give the ids of its last life again.
    this.random = environment.random
  }

  get isActive(): boolean {
    return this.term !== undefined
  }

  /** @throws MillraceError NOT_CONTROLLER, also when leadership is lost before the answer is certain */
  async handle(request: ControllerRequest): Promise<ControllerAnswer<ControllerRequestKind>> {
    switch (request.kind) {
      case 'register':
        return this.decide((state, nowMs) => registerBroker(state, request.request, nowMs))
      case 'heartbeat':
        return this.decide((state, nowMs) => heartbeat(state, request.request, nowMs))
      case 'alter-partitions':
        return this.decide((state) => alterPartitions(state, request.request))
      case 'create-topics': {
        const { topics, validateOnly } = request.request
        return Promise.all(
          topics.map((topic) => this.decide((state) => createTopic(state, topic, validateOnly))),
        )
      }
      case 'delete-topics':
        return Promise.all(
          request.request.topicIds.map((topicId) => this.decide((state) => deleteTopic(state, topicId))),
        )
      case 'create-partitions': {
        const { topics, validateOnly } = request.request
        return Promise.all(
          topics.map((topic) => this.decide((state) => createPartitions(state, topic, validateOnly))),
        )
      }
      case 'alter-configs': {
        const { alterations, validateOnly } = request.request
        const answers = await Promise.all(
          alterations.map((alteration) =>
            this.decide((state) => alterConfigs(state, alteration, validateOnly)),
          ),
        )
        return { answers, index: this.quorum.commitIndex }
      }
      case 'alter-scram': {
        const { crypto } = this.environment.codecs
        const answers = await this.decide((state) => alterScramCredentials(state, request.request, crypto))
        return { answers, index: this.quorum.commitIndex }
      }
      case 'alter-quotas': {
        const { alterations, validateOnly } = request.request
        const answers = await Promise.all(
          alterations.map((one) => this.decide((state) => alterClientQuotas(state, one, validateOnly))),
        )
        return { answers, index: this.quorum.commitIndex }
      }
      case 'update-features': {
        const { updates, validateOnly } = request.request
        const id = this.quorum.leaderId ?? -1
        const answer = await this.decide((state) => updateFeatures(state, updates, validateOnly, id))
        return { answer, index: this.quorum.commitIndex }
      }
      case 'elect-leaders':
        return Promise.all(
          request.request.elections.map((asked) => this.decide((state) => electAsked(state, asked))),
        )
      case 'reassign': {
        const { reassignments, allowsOtherFactor } = request.request
        return Promise.all(
          reassignments.map((one) => this.decide((state) => reassign(state, one, allowsOtherFactor))),
        )
      }
      case 'describe-quorum':
        if (!this.term) throw notController()
        return this.quorum.view()
      case 'producer-ids': {
        const { count } = request.request
        return this.decide(({ image }) => {
          const first = image.nextProducerId
          return { records: [{ type: 'producer-ids', next: first + count }], response: { first } }
        })
      }
      default:
        return unreachable(request)
    }
  }

  /** The broker's process is known to be gone: no need to wait for its session to time out. */
  brokerGone(id: number): void {
    if (!this.term) return
    this.decide((state) => fenceBroker(state, id)).catch((error: unknown) => this.note(error))
  }

  /** After each step of the quorum: takes office, resigns, answers what is committed. */
  follow(): void {
    const { quorum } = this
    if (this.term && (!quorum.isLeader || quorum.epoch !== this.term.epoch)) this.resign()
    // Everything of earlier epochs is committed, and so in the image, once an entry of this epoch is.
    const isComplete =
      quorum.commitIndex === quorum.nextIndex - 1 && quorum.holds(quorum.commitIndex, quorum.epoch)
    if (!this.term && quorum.isLeader && isComplete) this.takeOffice()
    if (this.term) this.answer(this.term)
  }

  close(): void {
    this.resign()
  }

  private takeOffice(): void {
    const image = this.quorum.image.clone()
    this.term = { epoch: this.quorum.epoch, image, contactMs: new Map(), heard: new Set(), waiting: [] }
    this.environment.log.write('info', 'controller', `active, epoch ${this.term.epoch}`)
    if (image.clusterId === '') {
      const clusterId = clusterIdOf(this.random.bytes(16))
      this.decide(() => ({ records: [{ type: 'cluster', clusterId }], response: undefined })).catch(
        (error: unknown) => this.note(error),
      )
    }
    this.watchSessions()
    this.watchBalance()
  }

  private resign(): void {
    const { term } = this
    this.term = undefined
    this.timer?.cancel()
    this.balanceTimer?.cancel()
    for (const waiting of term?.waiting ?? []) waiting.reject(notController())
  }

  private watchSessions(): void {
    const { term } = this
    const everyMs = this.settings.number('broker.session.timeout.ms') / 10
    this.timer = this.environment.timers.after(everyMs, () => {
      if (!term || this.term !== term) return
      this.decide(fenceSilentBrokers).catch((error: unknown) => this.note(error))
      this.decide(electUncleanLeaders).catch((error: unknown) => this.note(error))
      this.watchSessions()
    })
  }

  private watchBalance(): void {
    const { term } = this
    const everyMs = this.settings.number('leader.imbalance.check.interval.seconds') * 1000
    this.balanceTimer = this.environment.timers.after(everyMs, () => {
      if (!term || this.term !== term) return
      if (this.settings.flag('auto.leader.rebalance.enable')) {
        this.decide(balanceLeaders).catch((error: unknown) => this.note(error))
      }
      this.watchBalance()
    })
  }

  private async decide<Response>(
    decision: (state: ControllerState, nowMs: number) => Decision<Response>,
  ): Promise<Response> {
    const { term, quorum, settings, random } = this
    if (!term) throw notController()
    const state = {
      image: term.image,
      settings,
      random,
      contactMs: term.contactMs,
      heard: term.heard,
      nextIndex: quorum.nextIndex,
    }
    const { records, response } = decision(state, this.environment.clock.monotonicMs())
    if (records.length > 0) {
      // As every replay will see them: through JSON.
      for (const record of records) term.image.apply(record)
      term.image.index = quorum.nextIndex
      quorum.propose(records)
    }
    // Even a refusal may rest on what is not committed yet.
    await this.committed(term)
    return response
  }

  private committed(term: Term): Promise<void> {
    // Proposing may have shown that another leads by now: nobody would answer this any more.
    if (this.term !== term) return Promise.reject(notController())
    const index = term.image.index
    if (index <= this.quorum.commitIndex) return Promise.resolve()
    return new Promise((resolve, reject) => {
      term.waiting.push({ index, resolve, reject })
    })
  }

  private answer(term: Term): void {
    while (term.waiting.length > 0 && term.waiting[0]!.index <= this.quorum.image.index) {
      term.waiting.shift()!.resolve()
    }
  }

  private note(error: unknown): void {
    const { what, code } = MillraceError.from(error)
    if (code !== 'NOT_CONTROLLER') this.environment.log.write('error', 'controller', what)
  }
}

export function notController(): MillraceError {
  return new MillraceError({
    code: 'NOT_CONTROLLER',
    what: 'this broker is not the active controller',
    remedy: 'ask the one that leads the metadata quorum',
  })
}

/** Kafka writes cluster ids as 22 characters of URL-safe base 64. */
function clusterIdOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
