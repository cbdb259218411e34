export { createAdmin } from './admin/admin.ts'
export type * from './api.ts'
export { createProducer } from './producer/producer.ts'
