;; The start section has no more time than the entry.
;; expect: run deadline
;; limits: {"instructionsMax": 10000000000, "deadlineMs": 60}
(module
  (memory (export "memory") 1)
  (func $spin (loop $again (br $again)))
  (start $spin)
  (func (export "_start")
    nop))
