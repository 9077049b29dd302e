;; Never ends, before the entry is even called.
;; expect: run instruction_limit
(module
  (memory (export "memory") 1)
  (func $spin (loop $again (br $again)))
  (start $spin)
  (func (export "_start")
    nop))
