/** A bare Nest on Fastify that sends back the JSON it got: what the framework alone costs. Argument: its port. */
import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

class EchoController {
  echo(body: unknown): unknown {
    return body;
  }
}
// Decorators by hand: Node strips types and knows no decorators.
const descriptor = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo');
if (descriptor === undefined) throw new Error('the class has its method');
Post('echo')(EchoController.prototype, 'echo', descriptor);
HttpCode(200)(EchoController.prototype, 'echo', descriptor);
Body()(EchoController.prototype, 'echo', 0);
Controller()(EchoController);

class EchoModule {}
Module({ controllers: [EchoController] })(EchoModule);

const app = await NestFactory.create<NestFastifyApplication>(EchoModule, new FastifyAdapter(), { logger: false });
await app.listen(Number(process.argv[2]), '127.0.0.1');
