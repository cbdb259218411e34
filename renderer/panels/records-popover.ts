import { create } from 'zustand'

/** The popover of the records bar that is open: keys of the table open it too. */
export const useRecordsPopover = create<{ readonly open: 'go-to' | undefined }>(() => ({ open: undefined }))

export const setRecordsPopover = (open: 'go-to' | undefined) => useRecordsPopover.setState({ open })
