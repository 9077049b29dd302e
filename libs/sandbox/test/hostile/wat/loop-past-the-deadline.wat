;; Has instructions for minutes, but no time.
;; expect: run deadline
;; limits: {"instructionsMax": 10000000000, "deadlineMs": 60}
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again (br $again))))
