;; Two functions that call each other for ever without using stack.
;; expect: run instruction_limit
(module
  (memory (export "memory") 1)
  (func $ping (return_call $pong))
  (func $pong (return_call $ping))
  (func (export "_start")
    (call $ping)))
