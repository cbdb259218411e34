import { ChevronDown, type LucideIcon, Search } from 'lucide-react'
import type { ButtonHTMLAttributes, InputHTMLAttributes, ReactNode, Ref, SelectHTMLAttributes } from 'react'
import { Tip } from './tip.tsx'

export function Button({
  icon: Icon,
  look = '',
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly icon?: LucideIcon
  readonly look?: string
  readonly ref?: Ref<HTMLButtonElement>
}) {
  return (
    <button type="button" {...rest} className={`button ${look}`}>
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </button>
  )
}

export function IconButton({
  icon: Icon,
  label,
  keys,
  side,
  size = 16,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly icon: LucideIcon
  readonly label: string
  readonly keys?: string
  readonly side?: 'top' | 'right' | 'bottom' | 'left'
  readonly size?: number
}) {
  return (
    <Tip text={label} keys={keys} side={side}>
      <button type="button" className="icon-button" aria-label={label} {...rest}>
        <Icon size={size} aria-hidden />
      </button>
    </Tip>
  )
}

export function Select({
  options,
  className = '',
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & {
  readonly options: readonly { readonly value: string; readonly label: string }[]
}) {
  return (
    <div className="select">
      <select className={`input ${className}`} {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown size={14} aria-hidden />
    </div>
  )
}

export function SearchField({
  label,
  trailing,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & {
  readonly label: string
  readonly trailing?: ReactNode
  readonly ref?: Ref<HTMLInputElement>
}) {
  return (
    <div className="search">
      <Search size={14} aria-hidden />
      <input type="search" aria-label={label} placeholder={label} spellCheck={false} {...rest} />
      {trailing}
    </div>
  )
}

export function Empty({ children, action }: { readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  )
}
