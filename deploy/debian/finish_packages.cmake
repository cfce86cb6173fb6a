# SPDX-License-Identifier: Apache-2.0
#
# Run by cpack when all components are installed in its folder.
execute_process(
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/finish-packages ${CPACK_HEXAPLA_BUILD}
          ${CPACK_TEMPORARY_INSTALL_DIRECTORY} ${CPACK_HEXAPLA_VERSION}
          ${CPACK_PACKAGE_DIRECTORY}
  COMMAND_ERROR_IS_FATAL ANY)
