import type { BrokerContext } from './context.ts'

const blockSize = 1000

/** Producer ids, unique in the cluster: taken from the controller a block at a time. */
export class ProducerIds {
  private next = 0
  private end = 0
  private refill: Promise<void> | undefined

  /** @throws MillraceError NO_CONTROLLER */
  async take(broker: Pick<BrokerContext, 'askController'>): Promise<number> {
    while (this.next >= this.end) {
      this.refill ??= this.fetchBlock(broker).finally(() => {
        this.refill = undefined
      })
      await this.refill
    }
    return this.next++
  }

  private async fetchBlock(broker: Pick<BrokerContext, 'askController'>): Promise<void> {
    const { first } = await broker.askController('producer-ids', { count: blockSize }, 10_000)
    this.next = first
    this.end = first + blockSize
  }
}
