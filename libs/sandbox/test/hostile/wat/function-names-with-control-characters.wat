;; The backtrace names functions; the name must not reach a terminal raw.
;; expect: run trap
(module
  (memory (export "memory") 1)
  (func $"\1b[2J\00evil" unreachable)
  (func (export "_start")
    (call $"\1b[2J\00evil")))
